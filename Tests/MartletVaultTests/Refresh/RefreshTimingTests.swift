import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletVault

/// When credentials are refreshed.
@Suite struct RefreshTimingTests {
  let timing = RefreshTiming(random: SeededRandom(seed: 3))
  let now = Timestamp(seconds: 1_800_000_000)

  /// Early by a minute or a tenth of its life, whichever is more, so that clocks may differ by two minutes at an hour's
  /// life; never before it is half over, and never all at once.
  @Test func R_11_earlyEnoughForClocksThatDiffer() {
    for life: Int64 in [1, 20, 60, 119, 121, 300, 3600, 86_400, 30 * 86_400, 315_360_000] {
      var seen: Set<Timestamp> = []
      for _ in 0..<200 {
        let at = timing.refreshAt(issuedAt: now, livingFor: life)
        let lead = (now + .seconds(life)) - at
        #expect(at > now)
        if life > 120 { #expect(lead >= max(.seconds(60), .seconds(life / 10))) }
        #expect(lead >= .seconds(life) / 2 || life > 120)
        #expect(at <= now + .seconds(24 * 3600))
        seen.insert(at)
      }
      if life >= 300, life <= 86_400 { #expect(seen.count > 100) }
    }
    #expect(timing.refreshAt(issuedAt: now, livingFor: nil) <= now + .seconds(24 * 3600))
  }

  /// Three tries a minute at most, then fewer.
  @Test func R_09_restsLongerAndLonger() {
    for failures in [0, 1, 2, 5, 50, -1] {
      let rest = timing.retryAt(after: failures, now: now) - now
      #expect(rest >= .seconds(20))
      #expect(rest <= .seconds(750))
    }
    #expect(timing.retryAt(after: 5, now: now) - now >= .seconds(600))
  }

  /// A token that is about to end isn't handed out; one that lives a few seconds still is, for most of them.
  @Test func R_11_margin() {
    var connection = Sample().connection()
    connection.connectedAt = now
    for (life, margin) in [(3600, 10.0), (40, 10), (20, 5), (4, 1), (0, 0)] {
      connection.expiresAt = now + .seconds(life)
      #expect(RefreshTiming.usableUntil(connection) == now + .seconds(life) - .milliseconds(Int64(margin * 1000)))
    }
    connection.expiresAt = nil
    #expect(RefreshTiming.usableUntil(connection) == nil)
  }
}
