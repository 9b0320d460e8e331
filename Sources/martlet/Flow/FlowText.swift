import MartletAudit
import MartletDomain
import MartletServer
import StrictCoding

/// Flows as commands answer them.
enum FlowText {
  static let head = ["flow", "began", "client", "route", "reached", "note"]

  static func row(_ flow: FlowSummary) -> [String] {
    [
      flow.flow.string, flow.startedAt.text, flow.client?.string ?? "", flow.route ?? "",
      reached(flow), note(flow) ?? "",
    ]
  }

  static func json(_ flow: FlowSummary) -> JSONObject {
    var object = flow.json
    object["note"] = note(flow).map { .string($0) } ?? .null
    return object
  }

  static let eventHead = ["at", "action", "client", "route", "status", "reason", "method", "target", "from"]

  static func row(_ event: AuditEvent) -> [String] {
    [
      event.at.text, event.action.rawValue, event.client?.string ?? "", event.route ?? "",
      event.status.map { "\($0)" } ?? "", event.reason ?? "", event.method ?? "", event.target ?? "",
      event.address ?? "",
    ]
  }

  private static let stages: [AuditAction] = [
    .tokenPresented, .tokenIssued, .codeIssued, .consentGranted, .loginSucceeded, .authorizationRequested,
    .clientRegistered, .serverMetadataRead, .resourceMetadataRead, .routeProbed,
  ]

  /// The furthest stage; a client may go back to earlier ones.
  private static func reached(_ flow: FlowSummary) -> String {
    (stages.first { flow.actions.contains($0) } ?? flow.actions.last)?.rawValue ?? ""
  }

  /// What an operator should look at: where a client gave up.
  private static func note(_ flow: FlowSummary) -> String? {
    let reached = Set(flow.actions)
    if reached.contains(.tokenPresented) { return nil }
    if reached.contains(.tokenIssued) { return "token issued, never presented" }
    if reached.contains(.codeIssued) { return "code issued, never redeemed" }
    if reached.contains(.consentDenied) { return "refused by the user" }
    if reached.contains(.authorizationRequested) { return "stopped at login or consent" }
    return nil
  }
}
