import StrictCoding

/// What one HTTP body or one event holds: a message, or a batch of them where the revision has batches (2025-03-26
/// only).
public enum MCPPayload: Sendable, Equatable {
  /// One message.
  case single(MCPMessage)
  /// Several messages in one array; each is to be decided on its own.
  case batch([MCPMessage])

  /// How many messages a batch may have.
  public static let maximumBatch = 50

  /// Reads a body.
  ///
  /// A batch must not be empty or nested, must not mix responses with others, must not hold `initialize` and must not
  /// use an id twice. Conforms to: JSON-RPC 2.0 §6; MCP 2025-03-26 Basic, Batching.
  ///
  /// - Parameters:
  ///   - bytes: The whole body.
  ///   - limits: Bounds on the JSON.
  ///   - allowsBatches: Whether an array may be a batch; else it is refused with `-32600`.
  /// - Throws: `MCPMessageError`, with the request's id where it could be read.
  public static func parse(
    _ bytes: [UInt8], limits: JSONLimits = .default, allowsBatches: Bool
  ) throws(MCPMessageError) -> MCPPayload {
    let view: JSONObjectView?
    let value: JSONValue
    do throws(JSONError) {
      view = try JSONReader.view(bytes, limits: limits)
      value = view == nil ? try JSONReader.parse(bytes, limits: limits) : .null
    } catch {
      throw MCPMessageError(error)
    }
    if let view { return .single(try MessageShape(view).message()) }
    guard case .array(let elements) = value else { return .single(try MCPMessage(value)) }
    if !allowsBatches { throw .invalidRequest("batches are not allowed here") }
    return .batch(try batch(elements))
  }

  /// The messages, one or several.
  public var messages: [MCPMessage] {
    switch self {
    case .single(let message): [message]
    case .batch(let messages): messages
    }
  }

  private static func batch(_ elements: [JSONValue]) throws(MCPMessageError) -> [MCPMessage] {
    if elements.isEmpty { throw .invalidRequest("a batch can't be empty") }
    if elements.count > maximumBatch { throw .invalidRequest("a batch may hold \(maximumBatch) messages") }
    var messages: [MCPMessage] = []
    var ids: Set<JSONRPCID> = []
    var responses = 0
    for element in elements {
      let message = try MCPMessage(element)
      if message.method == .initialize { throw .invalidRequest("initialize can't be part of a batch", id: message.id) }
      if case .response = message { responses += 1 }
      if let id = message.id, id != .null, !ids.insert(id).inserted {
        throw .invalidRequest("two messages of a batch have the same id", id: id)
      }
      messages.append(message)
    }
    if responses != 0 && responses != messages.count {
      throw .invalidRequest("a batch can't mix responses with other messages")
    }
    return messages
  }
}
