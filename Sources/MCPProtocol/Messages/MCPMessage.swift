import StrictCoding

/// One JSON-RPC message as MCP allows it: one reference, since every stage hands it on.
public enum MCPMessage: Sendable, Equatable {
  /// Wants an answer.
  case request(MCPRequest)
  /// Wants none.
  indirect case notification(MCPNotification)
  /// Is an answer.
  indirect case response(MCPResponse)

  /// Reads one message; a batch is refused.
  ///
  /// Conforms to: JSON-RPC 2.0 §4, §5; MCP 2026-07-28 Basic, Messages.
  ///
  /// - Parameters:
  ///   - bytes: The whole body.
  ///   - limits: Bounds on the JSON.
  /// - Throws: `MCPMessageError`, with the request's id where it could be read.
  public static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(MCPMessageError) -> MCPMessage {
    let payload = try MCPPayload.parse(bytes, limits: limits, allowsBatches: false)
    guard case .single(let message) = payload else { throw .invalidRequest("batches are not allowed here") }
    return message
  }

  /// Reads one message from a parsed value.
  ///
  /// - Throws: As ``parse(_:limits:)``.
  public init(_ value: JSONValue) throws(MCPMessageError) {
    guard let object = value.objectValue else { throw .invalidRequest("a message must be a JSON object") }
    self = try MessageShape(JSONObjectView(object)).message()
  }

  /// The method, where the message has one.
  public var method: MCPMethod? {
    switch self {
    case .request(let request): request.method
    case .notification(let notification): notification.method
    case .response: nil
    }
  }

  /// The id, where the message has one.
  public var id: JSONRPCID? {
    switch self {
    case .request(let request): request.id
    case .notification: nil
    case .response(let response): response.id
    }
  }

  /// The parameters of a request or notification.
  public var params: JSONObject? {
    switch self {
    case .request(let request): request.params
    case .notification(let notification): notification.params
    case .response: nil
    }
  }

  /// The `_meta` of a request or notification; empty elsewhere.
  public var metadata: RequestMetadata {
    switch self {
    case .request(let request): request.metadata
    case .notification(let notification): notification.metadata
    case .response: RequestMetadata()
    }
  }

  /// The protocol version that the `_meta` of a request or notification names, where it is a known one.
  var protocolRevision: ProtocolRevision? {
    switch self {
    case .request(let request): request.metadata.protocolRevision
    case .notification(let notification): notification.metadata.protocolRevision
    case .response: nil
    }
  }

  /// Whether it is a request or notification of this method.
  func calls(_ method: MCPMethod) -> Bool {
    switch self {
    case .request(let request): request.method == method
    case .notification(let notification): notification.method == method
    case .response: false
    }
  }

  /// The request, where it is one.
  public var request: MCPRequest? {
    if case .request(let request) = self { request } else { nil }
  }

  /// Whether it wants an answer.
  public var isRequest: Bool {
    if case .request = self { true } else { false }
  }

  /// What a request is about: see ``MCPRequest/mirroredName``.
  public var mirroredName: String? {
    if case .request(let request) = self { request.mirroredName } else { nil }
  }

  /// The whole message.
  public var object: JSONObject {
    switch self {
    case .request(let request): request.object
    case .notification(let notification): notification.object
    case .response(let response): response.object
    }
  }

  /// The message as JSON.
  public func encoded() -> [UInt8] {
    JSONWriter.write(.object(object))
  }
}
