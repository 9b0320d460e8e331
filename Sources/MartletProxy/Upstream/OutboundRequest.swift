import MCPProtocol
import OAuthProtocol
import MartletPolicy
import StrictCoding

/// What goes to an upstream, field by field. There is no place in it for the client's token, cookies, `Host`, `Origin`,
/// session id or version header (invariant 1, X9).
public struct OutboundRequest: Sendable {
  /// The methods of the Streamable HTTP transport.
  public enum Method: String, Sendable {
    /// Sends a message.
    case post = "POST"
    /// Opens the stream of a legacy session.
    case get = "GET"
    /// Ends a legacy session.
    case delete = "DELETE"
  }

  /// The proof that policy allowed it.
  public let permit: Permit
  /// The method.
  public let method: Method
  /// Where it goes. Setting it binds the request to that very place.
  public var url: AbsoluteURL {
    didSet {
      if let instance, instance.url != url { (self.instance, alternatives) = (nil, []) }
    }
  }
  /// The instance there, on whose account it goes; `nil` for none.
  private(set) var instance: UpstreamInstance?
  /// Where else it may go when nothing could be sent.
  private(set) var alternatives: [UpstreamInstance] = []
  /// The message; empty for none.
  public var body: [UInt8] = []
  /// The revision spoken on this hop; `nil` where none is agreed on yet.
  public var revision: ProtocolRevision?
  /// The upstream's own session.
  public var upstreamSession: String?
  /// The last event of a resumed stream.
  public var lastEventID: String?
  /// Header fields that mirror the body, computed here, and `Mcp-Param-*` as they came.
  public var mirrored: [(name: String, value: String)] = []
  /// Our signed word about who is calling.
  public var assertion: (header: String, value: String)?
  /// What the server is opened with: the caller's or the operator's, never what the client sent.
  public var credential: UpstreamCredential?
  /// W3C trace context.
  public var traceContext: [(name: String, value: String)] = []
  /// Whether sending it twice does no harm: not so for `tools/call`.
  public var isRepeatable = false

  /// What is known of how the server carries messages; nothing of it is sent.
  var wire: ServerWireMemory?
  /// Whether several clients' processes share its session, so that what belongs to one call is nobody else's.
  var sharesSession = false

  /// Begins a request.
  public init(permit: Permit, method: Method, url: AbsoluteURL) {
    self.permit = permit
    self.method = method
    self.url = url
  }

  /// Directs it to the first of some instances; the others are its alternatives.
  mutating func direct(to instances: [UpstreamInstance]) {
    guard let first = instances.first else { return }
    instance = nil
    url = first.url
    instance = first
    alternatives = instances.count > 1 ? Array(instances.dropFirst()) : []
  }

  /// Directs it to the next alternative.
  ///
  /// - Returns: Whether there was one.
  mutating func takeAlternative() -> Bool {
    guard !alternatives.isEmpty else { return false }
    direct(to: alternatives)
    return true
  }

  /// The same to this very instance, whatever happens there.
  var bound: OutboundRequest {
    var copy = self
    copy.alternatives = []
    return copy
  }

  /// The header fields, but for `Host` and `Content-Length`, which the codec adds.
  public var headers: [(name: String, value: String)] {
    var fields: [(name: String, value: String)] = []
    switch method {
    case .post:
      fields.append(("content-type", "application/json"))
      fields.append(("accept", "text/event-stream, application/json"))
    case .get: fields.append(("accept", "text/event-stream"))
    case .delete: break
    }
    if let revision { fields.append(("mcp-protocol-version", revision.rawValue)) }
    if let upstreamSession { fields.append(("mcp-session-id", upstreamSession)) }
    if let lastEventID { fields.append(("last-event-id", lastEventID)) }
    fields += mirrored
    if let assertion { fields.append((assertion.header, assertion.value)) }
    if let credential { fields.append((credential.header, ByteString(credential.value.expose()).string)) }
    return fields + traceContext
  }
}
