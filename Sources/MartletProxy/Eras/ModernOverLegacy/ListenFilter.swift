import MCPProtocol
import StrictCoding

/// Which changes a modern client listens for (MCP 2026-07-28, Subscriptions, Notification Filter).
struct ListenFilter: Sendable, Equatable {
  /// How many resources one stream may watch.
  static let maximumResources = 64

  private(set) var listChanges: Set<MCPMethod> = []
  private(set) var resources: [String] = []

  private static let flags: [(key: String, method: MCPMethod, capability: String)] = [
    ("toolsListChanged", .toolsListChanged, "tools"), ("promptsListChanged", .promptsListChanged, "prompts"),
    ("resourcesListChanged", .resourcesListChanged, "resources"),
  ]

  /// Listens for nothing.
  init() {}

  /// Reads the parameters of `subscriptions/listen`; nil where they have the wrong shape.
  init?(params: JSONObject?) {
    guard let filter = params?["notifications"]?.objectValue else { return nil }
    for flag in Self.flags {
      switch filter[flag.key] {
      case nil, .null, .bool(false): break
      case .bool(true): listChanges.insert(flag.method)
      default: return nil
      }
    }
    switch filter["resourceSubscriptions"] {
    case nil, .null: break
    case .array(let uris):
      for uri in uris {
        guard case .string(let text) = uri else { return nil }
        if !resources.contains(where: { $0.equalsBytewise(text) }) { resources.append(text) }
      }
    default: return nil
    }
    if resources.count > Self.maximumResources { return nil }
  }

  /// What a server with a session can tell of this.
  func offered(by server: LegacyServer) -> ListenFilter {
    var offered = ListenFilter()
    for flag in Self.flags where listChanges.contains(flag.method) && server.has(flag.capability, "listChanged") {
      offered.listChanges.insert(flag.method)
    }
    // Some servers watch resources without having said so; each is asked about each.
    if server.capabilities["resources"] != nil { offered.resources = resources }
    return offered
  }

  /// The same for fewer resources.
  func watching(_ resources: [String]) -> ListenFilter {
    var filter = self
    filter.resources = resources
    return filter
  }

  /// Whether nothing is left.
  var isEmpty: Bool { listChanges.isEmpty && resources.isEmpty }

  /// Whether a notification is one of those. A resource that lies below a watched one counts (Resources,
  /// Subscriptions).
  func admits(_ notification: MCPNotification) -> Bool {
    guard notification.method == .resourcesUpdated else { return listChanges.contains(notification.method) }
    guard let uri = notification.parameter("uri")?.stringValue else { return false }
    return resources.contains { Self.lies(uri, at: $0) }
  }

  private static func lies(_ uri: String, at watched: String) -> Bool {
    guard uri.startsBytewise(with: watched) else { return false }
    let ends: [UInt8] = [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")]
    guard let next = uri.utf8.dropFirst(watched.utf8.count).first, let last = watched.utf8.last else { return true }
    return ends.contains(next) || last == UInt8(ascii: "/")
  }

  /// The filter as an acknowledgement names it.
  var json: JSONValue {
    var object = JSONObject()
    for flag in Self.flags where listChanges.contains(flag.method) { object[flag.key] = true }
    if !resources.isEmpty { object["resourceSubscriptions"] = .array(resources.map { .string($0) }) }
    return .object(object)
  }

  /// Everything that is listened for, as if all of it had changed: after a gap nobody knows.
  var assumedChanges: [MCPNotification] {
    Self.flags.filter { listChanges.contains($0.method) }.map { MCPNotification(method: $0.method) }
      + resources.map { MCPNotification(method: .resourcesUpdated, params: ["uri": .string($0)]) }
  }
}

/// Messages on the stream of a subscription.
struct Subscription: Sendable {
  /// The id of the request that opened the stream.
  let id: JSONRPCID

  func acknowledgement(_ filter: ListenFilter) -> MCPNotification {
    tagged(MCPNotification(method: .subscriptionsAcknowledged, params: ["notifications": filter.json]))
  }

  /// The same notification with the tag of the subscription.
  func tagged(_ notification: MCPNotification) -> MCPNotification {
    var params = notification.params ?? JSONObject()
    var metadata = params["_meta"]?.objectValue ?? JSONObject()
    metadata[MetadataKey.subscriptionID] = id.json
    params["_meta"] = .object(metadata)
    return MCPNotification(method: notification.method, params: params)
  }

  /// The end of a subscription that the server's side ends (Subscriptions, Graceful Closure).
  var end: MCPResponse {
    let metadata: JSONObject = [MetadataKey.subscriptionID: id.json]
    return MCPResponse(id: id, outcome: .result(["resultType": "complete", "_meta": .object(metadata)]))
  }
}
