import MCPProtocol
import MartletDomain
import MartletPolicy
import StrictCoding

/// Takes out of a server's lists what the caller may not use, by the same permit that admits calls, and has nobody keep
/// for others what these may not see. What nothing is taken out of goes on byte for byte.
struct ListFilter: Sendable {
  /// An answer that has to be looked at can't be read.
  struct Unreadable: Error {}

  private let rules: ListRules
  private let kinds: [ListRules.Kind]
  private let principal: Principal
  private let sightings: ToolSightings

  /// The filter for the answer to a request; `nil` where there is nothing to do.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - method: What it asks for.
  ///   - sightings: Hears of pinned tools.
  init?(_ request: AdmittedRequest, _ method: MCPMethod?, _ sightings: ToolSightings) {
    guard request.permit.listRules != nil, let method else { return nil }
    if let kind = ListRules.Kind(method) {
      self.init(request, [kind], sightings)
    } else if method == .resourcesRead, request.classified.classification.era == .modern {
      self.init(request, [], sightings)
    } else {
      return nil
    }
  }

  /// The filter for answers to requests that nobody remembers: whatever looks like a list is treated as one.
  init?(anythingFor request: AdmittedRequest, _ sightings: ToolSightings) {
    self.init(request, ListRules.Kind.allCases, sightings)
  }

  private init?(_ request: AdmittedRequest, _ kinds: [ListRules.Kind], _ sightings: ToolSightings) {
    guard let rules = request.permit.listRules else { return nil }
    self.rules = rules
    self.kinds = kinds
    self.sightings = sightings
    principal = request.classified.authenticated.principal
  }

  /// Filters a result.
  ///
  /// - Returns: `nil` where nothing has to change.
  func filtered(_ result: JSONValue) -> JSONValue? {
    guard var object = result.objectValue else { return nil }
    var hasChanged = false
    var mayDiffer = object["contents"] != nil
    for kind in kinds {
      guard let elements = object[kind.key]?.arrayValue else { continue }
      mayDiffer = true
      let shown = shown(elements, of: kind)
      if shown.count < elements.count {
        object[kind.key] = .array(shown)
        hasChanged = true
      }
    }
    // Somebody else may be shown another list, or nothing of this resource: it may not be kept for them (V-036).
    if mayDiffer, let scope = object["cacheScope"], scope.stringValue?.equalsBytewise("private") != true {
      object["cacheScope"] = "private"
      hasChanged = true
    }
    return hasChanged ? .object(object) : nil
  }

  private func shown(_ elements: [JSONValue], of kind: ListRules.Kind) -> [JSONValue] {
    var seen: [ToolSightings.Sighting] = []
    let shown = elements.filter { element in
      rules.shows(element, of: kind) { tool, trusted in
        let digest = ToolDefinition.digest(element)
        seen.append(
          ToolSightings.Sighting(tool: tool, definition: element, digest: digest, isTrusted: digest == trusted))
        return digest == trusted
      }
    }
    if !seen.isEmpty { sightings.saw(seen, by: principal) }
    return shown
  }

  /// Filters a whole message.
  ///
  /// - Returns: `nil` where nothing has to change, since it is no response or has nothing to hide.
  /// - Throws: `Unreadable` where nobody can tell.
  func filtered(_ message: [UInt8]) throws(Unreadable) -> [UInt8]? {
    let parsed: MCPMessage
    do throws(MCPMessageError) { parsed = try MCPMessage.parse(message, limits: .upstreamAnswer) } catch {
      throw Unreadable()
    }
    guard case .response(let response) = parsed, let result = response.result, let filtered = filtered(result) else {
      return nil
    }
    var object = response.object
    object["result"] = filtered
    return JSONWriter.write(.object(object))
  }

  /// Filters events of a stream. Those of another type, and notifications that break a rule, are taken out: nobody waits
  /// for them, and nobody knows what is in them.
  func filtered(_ events: [SSEEvent]) throws(Unreadable) -> [SSEEvent] {
    var events = events
    for index in events.indices {
      guard let data = events[index].data, !data.isEmpty else { continue }
      let isMessage = events[index].messageData != nil
      do throws(Unreadable) {
        if isMessage, let filtered = try filtered(data) { events[index].data = filtered }
      } catch {
        if !UnreadableMessage.isNotification(data) { throw error }
        events[index] = SSEEvent(id: events[index].id, retry: events[index].retry)
      }
      if !isMessage { events[index] = SSEEvent(id: events[index].id, retry: events[index].retry) }
    }
    return events
  }
}

extension ListRules.Kind {
  fileprivate init?(_ method: MCPMethod) {
    switch method {
    case .toolsList: self = .tools
    case .promptsList: self = .prompts
    case .resourcesList: self = .resources
    case .resourcesTemplatesList: self = .resourceTemplates
    default: return nil
    }
  }

  /// Where the list stands in a result.
  fileprivate var key: String {
    switch self {
    case .tools: "tools"
    case .prompts: "prompts"
    case .resources: "resources"
    case .resourceTemplates: "resourceTemplates"
    }
  }
}
