import MCPProtocol
import StrictCoding

/// What a legacy client's stream is fed from: the changes that the server tells of.
struct SubscriptionFilter: Sendable, Equatable {
  let tools: Bool
  let prompts: Bool
  let resources: Bool
  /// Whether single resources can be watched.
  let watches: Bool

  /// Everything: an upstream leaves out what it doesn't have.
  static let everything = SubscriptionFilter(tools: true, prompts: true, resources: true, watches: true)

  private init(tools: Bool, prompts: Bool, resources: Bool, watches: Bool) {
    self.tools = tools
    self.prompts = prompts
    self.resources = resources
    self.watches = watches
  }

  /// What a server declares.
  init(_ capabilities: JSONObject) {
    func declares(_ kind: String, _ flag: String) -> Bool { capabilities[kind]?[flag]?.boolValue ?? false }
    tools = declares("tools", "listChanged")
    prompts = declares("prompts", "listChanged")
    resources = declares("resources", "listChanged")
    watches = declares("resources", "subscribe")
  }

  /// Whether there can be anything to tell.
  var isEmpty: Bool { !tools && !prompts && !resources && !watches }

  /// The parameter `notifications`; nil where there is nothing to ask for.
  func notifications(watching uris: [String]) -> JSONObject? {
    var filter = JSONObject()
    if tools { filter["toolsListChanged"] = true }
    if prompts { filter["promptsListChanged"] = true }
    if resources { filter["resourcesListChanged"] = true }
    if watches, !uris.isEmpty { filter["resourceSubscriptions"] = .array(uris.map { .string($0) }) }
    return filter.isEmpty ? nil : filter
  }

  /// What a client is told after a gap: everything may have changed.
  func changes(watching uris: [String]) -> [MCPNotification] {
    var notifications: [MCPNotification] = []
    if tools { notifications.append(MCPNotification(method: .toolsListChanged)) }
    if prompts { notifications.append(MCPNotification(method: .promptsListChanged)) }
    if resources { notifications.append(MCPNotification(method: .resourcesListChanged)) }
    guard watches else { return notifications }
    return notifications + uris.map { MCPNotification(method: .resourcesUpdated, params: ["uri": .string($0)]) }
  }
}
