import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// Looks after the tasks in one answer: a task that it begins becomes its principal's, and a list shows the principal's
/// own alone.
struct TaskAnswers: Sendable {
  private let owners: TaskOwners
  private let binding: PrincipalBinding
  private let own: OwnTasks?
  /// The URL of the instance that answers, where it is known.
  var instance: String?

  /// - Parameter own: What a list may show.
  /// - Returns: `nil` where the answer can hold no task.
  init?(_ request: AdmittedRequest, _ owners: TaskOwners, showing own: OwnTasks?) {
    guard own != nil || request.classified.message?.request?.mayBecomeTask == true else { return nil }
    self.owners = owners
    self.own = own
    binding = request.principal.binding
  }

  /// Whether an answer of so many bytes has to be read: what begins a task is short.
  func isRead(_ length: Int?) -> Bool { own != nil || length ?? 0 <= GatewayLimits.taskAnswer }

  /// The task that a request became, by its answer.
  func begun(in message: [UInt8]) -> String? { own == nil ? response(message)?.begunTask : nil }

  /// See ``TaskOwners/note(_:of:begunAt:on:)``.
  func note(_ task: String, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    owners.note(task, of: binding, begunAt: instance, on: eventLoop)
  }

  /// A list without the tasks of others; `nil` where nothing is to be taken out.
  func shown(_ message: [UInt8]) -> [UInt8]? {
    guard let own, let response = response(message), var result = response.result?.objectValue,
      let tasks = result["tasks"]?.arrayValue
    else { return nil }
    let shown = tasks.filter { $0["taskId"]?.stringValue.map(own.holds) ?? false }
    guard shown.count < tasks.count else { return nil }
    result["tasks"] = .array(shown)
    return MCPResponse(id: response.id, outcome: .result(.object(result))).encoded()
  }

  /// Events of a stream: what they begin is noted before they go on, what they list is filtered.
  func taken(_ events: [SSEEvent], on eventLoop: any EventLoop) -> [SSEEvent] {
    var events = events
    for index in events.indices {
      guard let data = events[index].data, !data.isEmpty else { continue }
      if let task = begun(in: data) { _ = note(task, on: eventLoop) }
      if let shown = shown(data) { events[index].data = shown }
    }
    return events
  }

  private func response(_ message: [UInt8]) -> MCPResponse? {
    guard case .response(let response)? = try? MCPMessage.parse(message, limits: .upstreamAnswer) else { return nil }
    return response
  }
}
