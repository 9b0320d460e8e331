import StrictCoding

/// Who came through, by which client or key, at which route.
public struct AccessUse: Hashable, Sendable {
  /// How old the use that is known of may be: one that comes sooner changes nothing.
  public static let grain = Duration.seconds(60)

  /// Whose.
  public let tenant: TenantID
  /// Who: the subject of the call's record.
  public let subject: ByteString
  /// The client, or what stands for an API key.
  public let client: ByteString
  /// The route's path.
  public let route: ByteString

  /// Describes a use.
  public init(tenant: TenantID, subject: ByteString, client: ByteString, route: ByteString) {
    self.tenant = tenant
    self.subject = subject
    self.client = client
    self.route = route
  }
}

/// When each last came through, of the calls among records.
struct AccessTally: Sendable {
  /// Records that came one after the other and tell of the same use: what comes together is often alike.
  struct Run {
    fileprivate let first: AuditRecordView
    fileprivate var at: Timestamp

    fileprivate func goesOn(with record: AuditRecordView) -> Bool {
      record.isSame(.subject, as: first) && record.isSame(.client, as: first) && record.isSame(.route, as: first)
        && record.isSame(.tenant, as: first)
    }
  }

  /// The times so far.
  private(set) var uses: [AccessUse: Timestamp] = [:]

  /// Takes in a call that went to a server.
  ///
  /// - Parameter run: Those right before it, which aren't among the others yet.
  mutating func add(_ record: AuditRecordView, to run: inout Run?) {
    guard record.bytes(.subject) != nil, record.bytes(.client) != nil, record.bytes(.route) != nil else { return }
    let at = Timestamp(milliseconds: record.number(.at) ?? 0)
    if let latest = run?.at, run?.goesOn(with: record) == true {
      run?.at = max(latest, at)
    } else {
      if let run { add(run) }
      run = Run(first: record, at: at)
    }
  }

  /// Takes in what came one after the other.
  mutating func add(_ run: Run) {
    guard let tenant = run.first.name(.tenant), let subject = run.first.name(.subject),
      let client = run.first.name(.client), let route = run.first.name(.route)
    else { return }
    let use = AccessUse(tenant: TenantID(tenant), subject: subject, client: client, route: route)
    uses[use] = max(uses[use] ?? run.at, run.at)
  }
}
