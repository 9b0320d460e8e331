import MartletDomain

/// When a credential is refreshed: early enough for clocks that differ, and not all at once.
struct RefreshTiming: Sendable {
  /// How early at least.
  static let leastLead: Duration = .seconds(60)
  /// How often at least, so that a grant that nobody uses isn't forgotten by its server.
  static let longestIdle: Duration = .seconds(24 * 3600)
  /// The shortest wait after a failure: three tries a minute.
  static let leastRest: Duration = .seconds(20)
  /// The longest.
  static let longestRest: Duration = .seconds(600)
  /// An access token with so little left isn't handed out.
  static let margin: Duration = .seconds(10)

  let random: any RandomSource

  /// From when an access token is refreshed.
  ///
  /// - Parameters:
  ///   - now: When it was issued.
  ///   - seconds: How long it lives; `nil` where its server didn't say.
  func refreshAt(issuedAt now: Timestamp, livingFor seconds: Int64?) -> Timestamp {
    guard let seconds else { return now + Self.longestIdle - jitter(upTo: Self.longestIdle.milliseconds / 10) }
    let life = seconds * 1000
    let lead = life <= 2 * Self.leastLead.milliseconds ? life / 2 : max(Self.leastLead.milliseconds, life / 10)
    let early = now + .milliseconds(life - lead) - jitter(upTo: min(lead, life / 10))
    return min(early, now + Self.longestIdle)
  }

  /// When to try again after so many failures in a row.
  func retryAt(after failures: Int, now: Timestamp) -> Timestamp {
    let doubled = Self.leastRest.milliseconds << Int64(min(max(failures, 0), 8))
    let rest = min(doubled, Self.longestRest.milliseconds)
    return now + .milliseconds(rest) + jitter(upTo: rest / 4)
  }

  /// Until when an access token may be handed out; `nil` for as long as nobody refuses it.
  static func usableUntil(_ connection: UpstreamConnection) -> Timestamp? {
    guard let end = connection.expiresAt else { return nil }
    let life = (end - (connection.refreshedAt ?? connection.connectedAt)).milliseconds
    return end - .milliseconds(max(0, min(margin.milliseconds, life / 4)))
  }

  private func jitter(upTo most: Int64) -> Duration {
    let number = random.bytes(4).reduce(Int64(0)) { ($0 << 8) | Int64($1) }
    return .milliseconds(most <= 0 ? 0 : number % (most + 1))
  }
}
