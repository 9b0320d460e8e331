import MartletDomain
import StrictCoding

/// The way of clients of 2024-11-05 to a route: a stream for everything that they hear, and a place for what they say.
/// Both belong to the route beside them, `/{server}/mcp`, whose tokens are good here.
struct SSEEntrance: Sendable, Equatable {
  /// Which of the two.
  enum Role: Sendable {
    case stream
    case messages
  }

  let role: Role
  let route: RouteID

  /// Reads a path, in either slash spelling (D12).
  init?(path: String) {
    let bytes = Array(path.utf8)
    let bare = bytes.last == UInt8(ascii: "/") ? bytes.dropLast() : bytes[...]
    guard let slash = bare.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    let role: Role
    switch ByteString(Array(bare[(slash + 1)...])) {
    case "sse": role = .stream
    case "messages": role = .messages
    default: return nil
    }
    guard let space = String(validating: bare[...slash], as: UTF8.self), let route = RouteID(path: space + "mcp") else {
      return nil
    }
    self.role = role
    self.route = route
  }

  var method: String { role == .stream ? "GET" : "POST" }

  /// The path whose metadata a challenge names: strict clients compare it with the one that they were given, which is the
  /// stream's.
  func challengedPath(of request: IncomingRequest) -> String {
    role == .stream ? request.path : route.eventStreamPath
  }

  /// The request as one to the route.
  func onRoute(_ request: IncomingRequest) -> IncomingRequest {
    IncomingRequest(
      method: request.method, path: route.path, query: request.query, headers: request.headers,
      address: request.address, id: request.id, arrivedAt: request.arrivedAt)
  }
}
