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

/// When each last came through, of the calls among events.
struct AccessTally: Sendable {
  private var times: [AccessUse: Timestamp] = [:]
  /// Of the event before, which isn't among the others yet: what comes together is often alike.
  private var latest: (tenant: TenantID, subject: String, client: ClientID, route: String, at: Timestamp)?

  /// The times so far.
  var uses: [AccessUse: Timestamp] {
    var all = self
    all.settle()
    return all.times
  }

  /// Takes in a call that went to a server.
  mutating func add(_ event: AuditEvent) {
    guard let subject = event.subject, let client = event.client, let route = event.route else { return }
    if let latest, latest.tenant == event.tenant, latest.client == client, latest.subject.equalsBytewise(subject),
      latest.route.equalsBytewise(route)
    {
      self.latest?.at = max(latest.at, event.at)
    } else {
      settle()
      latest = (event.tenant, subject, client, route, event.at)
    }
  }

  private mutating func settle() {
    guard let latest else { return }
    self.latest = nil
    let use = AccessUse(
      tenant: latest.tenant, subject: ByteString(latest.subject), client: latest.client.value,
      route: ByteString(latest.route))
    times[use] = max(times[use] ?? latest.at, latest.at)
  }
}
