import Testing

@testable import MartletStoreSQLite

struct CoreTurnsTests {
  private final class Offers { var count = 0 }

  private func offers(batch: Int, taking step: Duration) -> Int {
    let (begun, offers) = (ContinuousClock.now, Offers())
    let turns = CoreTurns(batch: batch, begun: begun) { offers.count += 1 }
    for count in 1...batch { turns.pass(count, now: begun + step * count) }
    return offers.count
  }

  @Test func othersHaveTheirTurnWhileABatchIsWritten() {
    #expect(offers(batch: 160, taking: .microseconds(7)) == 10)
  }

  @Test func aFullBatchIsNotInterrupted() {
    #expect(offers(batch: 1_000, taking: .microseconds(7)) == 0)
    #expect(offers(batch: 999, taking: .microseconds(7)) == 62)
  }

  @Test func whoWaitsForAFewRecordsIsNotHeldUp() {
    let offers = Offers()
    let turns = CoreTurns(batch: 15) { offers.count += 1 }
    turns.pass()
    #expect(offers.count == 0)
  }

  @Test func onACoreThatIsNeverIdleTheTrailGoesOn() {
    #expect(offers(batch: 900, taking: .milliseconds(1)) == 1)
  }
}
