import MartletDomain
import OAuthProtocol
import StrictCoding

/// A well-known path, in every variant that clients try (protocol.md §2.2, §2.3, §7.1).
///
/// The path is compared as it was sent, byte by byte: an escaped spelling is another path, and leads nowhere.
enum WellKnownPath: Sendable, Hashable {
  /// Protected resource metadata of a route. The string is the route's path in the spelling asked for (D12).
  case resource(RouteID, path: String)
  /// Protected resource metadata at the root.
  case rootResource
  /// RFC 8414.
  case authorizationServer
  /// OpenID Connect Discovery.
  case openIDProvider

  private static let marker = Array("/.well-known/".utf8)

  /// Reads a path.
  ///
  /// - Parameters:
  ///   - path: As sent, without query.
  ///   - directory: Which routes there are.
  /// - Returns: Nil for anything that isn't served.
  init?(_ path: String, in directory: RouteDirectory) {
    let bytes = Array(path.utf8)
    guard bytes.count <= 512, let mark = Self.firstMarker(in: bytes) else { return nil }
    let prefix = Array(bytes[..<mark])
    let rest = bytes[(mark + Self.marker.count)...]
    let name = rest.prefix { $0 != UInt8(ascii: "/") }
    // The route stands before the marker or after the name, never on both sides.
    var suffix = Array(rest[name.endIndex...])
    if suffix == [UInt8(ascii: "/")] { suffix = [] }
    guard prefix.isEmpty || suffix.isEmpty else { return nil }
    let place = prefix + suffix
    let route = Self.route(place, in: directory)
    guard place.isEmpty || route != nil else { return nil }
    switch ByteString(Array(name)) {
    case "oauth-protected-resource":
      self = route.map { .resource($0, path: String(decoding: place, as: UTF8.self)) } ?? .rootResource
    case "oauth-authorization-server": self = .authorizationServer
    case "openid-configuration": self = .openIDProvider
    default: return nil
    }
  }

  private static func firstMarker(in bytes: [UInt8]) -> Int? {
    guard bytes.count >= marker.count else { return nil }
    return (0...(bytes.count - marker.count)).first { bytes[$0...].starts(with: marker) }
  }

  /// The route of a path, with or without one trailing slash; strict clients want their stream's path named back.
  private static func route(_ path: [UInt8], in directory: RouteDirectory) -> RouteID? {
    let bare = path.last == UInt8(ascii: "/") ? Array(path.dropLast()) : path
    if Array(RouteID.administration.path.utf8) == bare { return .administration }
    return directory.routes.first { Array($0.id.path.utf8) == bare || Array($0.id.eventStreamPath.utf8) == bare }?.id
  }
}
