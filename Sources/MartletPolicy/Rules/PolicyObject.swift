import MCPProtocol
import StrictCoding

/// One thing at a server that a rule can be about.
public enum PolicyObject: Sendable, Hashable {
  /// A tool, and what it says of itself.
  case tool(ByteString, ToolTraits)
  /// A prompt.
  case prompt(ByteString)
  /// A resource, or a template of some.
  case resource(ByteString)
  /// What every client needs to be connected at all: the handshake, lists, streams, notifications, tasks.
  case connection
  /// A method that no revision of the protocol knows.
  case other

  /// The longest name or URI that is decided about: 8 KiB.
  static let longestName = 8 << 10

  var name: ByteString? {
    switch self {
    case .tool(let name, _), .prompt(let name), .resource(let name): name
    case .connection, .other: nil
    }
  }

  /// Its name, as rules that refuse look at it.
  var comparedName: ComparedName? {
    if case .resource(let uri) = self { ComparedName(uri: uri) } else { name.map { ComparedName($0) } }
  }

  /// What a message wants; several things for a stream of changes.
  ///
  /// - Parameter traits: What is known of a tool.
  static func all(in message: MCPMessage, traits: (ByteString) -> ToolTraits) -> [PolicyObject] {
    guard let method = message.method else { return [.connection] }
    guard let request = message.request else { return [method.isKnownNotification ? .connection : .other] }
    switch method {
    case .toolsCall: return [request.toolName.map { ByteString($0) }.map { .tool($0, traits($0)) } ?? .other]
    case .promptsGet: return [request.mirroredName.map { .prompt(ByteString($0)) } ?? .other]
    case .resourcesRead, .resourcesSubscribe, .resourcesUnsubscribe:
      return [request.resourceURI.map { .resource(ByteString($0)) } ?? .other]
    case .completionComplete: return references(request.params?["ref"])
    case .subscriptionsListen:
      let watched = request.params?["notifications"]?["resourceSubscriptions"]?.arrayValue ?? []
      return [.connection] + watched.map { $0.stringValue.map { .resource(ByteString($0)) } ?? .other }
    default: return [method.isKnownRequest ? .connection : .other]
    }
  }

  /// All that a reference names, whatever type it says it is of: the server picks.
  private static func references(_ reference: JSONValue?) -> [PolicyObject] {
    let prompt = reference?["name"]?.stringValue.map { PolicyObject.prompt(ByteString($0)) }
    let resource = reference?["uri"]?.stringValue.map { PolicyObject.resource(ByteString($0)) }
    let named = [prompt, resource].compactMap { $0 }
    return named.isEmpty ? [.other] : named
  }
}
