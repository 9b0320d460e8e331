import HTTPWire
import MCPProtocol
import MartletDomain
import OAuthProtocol
import StrictCoding

/// An answer of the gateway: complete, or the head of what is relayed.
public struct GatewayResponse: Sendable {
  /// Status and header fields.
  public struct Head: Sendable {
    /// The status.
    public var status: Int
    /// The header fields.
    public var headers: HeaderFields

    /// Describes a head.
    public init(status: Int, headers: HeaderFields = HeaderFields()) {
      self.status = status
      self.headers = headers
    }

    /// A head for content that nobody on the way may keep.
    init(status: Int, type: String) {
      self.init(status: status)
      headers.add("content-type", type)
      headers.add("cache-control", "no-store")
    }
  }

  /// Status and header fields.
  public var head: Head
  /// The whole body.
  public var body: [UInt8]

  /// Describes a complete answer.
  public init(status: Int, headers: HeaderFields = HeaderFields(), body: [UInt8] = []) {
    head = Head(status: status, headers: headers)
    self.body = body
  }

  /// A head with a body.
  init(head: Head, body: [UInt8]) {
    self.head = head
    self.body = body
  }

  static func json(_ status: Int, _ body: [UInt8]) -> GatewayResponse {
    var response = GatewayResponse(status: status, body: body)
    response.head = Head(status: status, type: "application/json")
    return response
  }

  func adding(_ name: String, _ value: String) -> GatewayResponse {
    var copy = self
    copy.head.headers.add(name, value)
    return copy
  }
}
