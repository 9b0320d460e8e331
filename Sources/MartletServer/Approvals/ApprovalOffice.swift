import MartletDomain
import MartletPolicy
import StrictCoding

/// Approvals for the command line and the admin API: the same desk as the pages', in their words.
public struct ApprovalOffice: Sendable {
  let desk: ApprovalDesk
  private let store: any DurableStore
  private let clock: any WallClock

  /// Opens the desk beside a running server.
  ///
  /// - Parameters:
  ///   - installation: The installation.
  ///   - configuration: Says who decides about what, and what is worth nothing any more.
  public init(_ installation: Installation, _ configuration: Configuration) {
    self.init(installation) { configuration.policy }
  }

  init(_ installation: Installation, policy: @escaping @Sendable () -> AccessPolicy?) {
    store = installation.store
    clock = installation.clock
    desk = ApprovalDesk(
      store: installation.store, sealer: installation.sealer, audit: installation.audit, clock: installation.clock,
      policy: policy)
  }

  /// Whoever works on the data folder.
  static let command = ApprovalActor.administrator(tenant: nil, name: "command", mayChange: true)

  /// Lists approvals as JSON, what was asked for last first.
  ///
  /// - Parameters:
  ///   - states: Only those; `nil` for all that are kept.
  ///   - tenant: Only this tenant's.
  public func list(_ states: Set<ApprovalState>?, tenant: TenantID?) async throws -> [JSONObject] {
    let names = try await names()
    return try await desk.list(states, for: Self.command)
      .filter { seen in tenant.map { $0 == seen.approval.tenant } ?? true }.map { json($0, names) }
  }

  /// One approval as JSON, with what the call says.
  public func show(_ id: ApprovalID) async throws -> JSONObject? {
    let names = try await names()
    return try await desk.look(at: id, as: Self.command).map { json($0, names) }
  }

  /// Allows a call once, or calls like it for an hour.
  public func approve(_ id: ApprovalID, forAnHour: Bool) async throws -> JSONObject? {
    _ = try await desk.decide(id, forAnHour ? .hour : .once, seeing: nil, by: ApprovalVisit(Self.command))
    return try await show(id)
  }

  /// Refuses a call.
  public func deny(_ id: ApprovalID) async throws -> JSONObject? {
    _ = try await desk.decide(id, .deny, seeing: nil, by: ApprovalVisit(Self.command))
    return try await show(id)
  }

  /// Takes back what is open.
  public func revoke(_ id: ApprovalID) async throws -> JSONObject? {
    _ = try await desk.revoke(id, by: ApprovalVisit(Self.command))
    return try await show(id)
  }

  /// Names of users, for lists.
  func names() async throws -> [UserID: String] { try await store.shownNames() }

  func json(_ seen: SeenApproval, _ names: [UserID: String]) -> JSONObject {
    let (approval, call) = (seen.approval, seen.approval.call)
    let subject = approval.requester.string
    var object: JSONObject = [
      "id": .string(approval.id.string), "state": .string(seen.state.rawValue),
      "tenant": .string(approval.tenant.string), "subject": .string(names[approval.requester] ?? subject),
      "subject_id": .string(subject), "client": .string(call.caller.client.string), "key": Self.text(call.key),
      "server": .string(call.caller.route.server.string), "method": .string(call.method),
      "target": .string(call.target.string), "rule": .string(call.rule),
      "binding": .string(Hex.encode(call.binding)), "asked_at": .string(approval.askedAt.text),
      "expires_at": .string(approval.expiresAt.text), "decided_at": Self.text(approval.decidedAt?.text),
      "decided_by": Self.text(approval.decidedBy.map { names[UserID($0)] ?? $0 }),
      "used_at": Self.text(approval.usedAt?.text), "may_decide": .bool(seen.mayDecide),
    ]
    object["parameters"] = seen.parameters.flatMap { try? JSONReader.parse($0) }
    return object
  }

  private static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
}

extension ApprovalDeskError: CustomStringConvertible {
  /// What happened and what to do next.
  public var description: String {
    switch self {
    case .unknown: "there is no such approval; `martlet approval list` shows what there is"
    case .forbidden: "it can't be decided by you, or the rules have changed since: the call has to be tried again"
    case .notWaiting: "it doesn't wait any more: it was decided, used, or has ended"
    case .store(.unavailable(let reason)): "the store is not available (\(reason)); try again"
    case .store(.corrupt(let reason)): "the store can't be read (\(reason)); restore it from a backup"
    }
  }
}
