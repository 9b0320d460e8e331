import NIOCore
import Testing

@testable import MartletProxy

struct BodyPaceTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  @Test func V_084_aMinuteAndThenAKilobyteASecond() {
    let pace = BodyPace(startedAt: start)
    #expect(pace.deadline(received: 0) == start + .seconds(60))
    #expect(pace.deadline(received: 1024) == start + .seconds(61))
    #expect(pace.deadline(received: 100 << 10) == start + .seconds(160))
  }

  @Test func V_084_aByteEveryTenSecondsIsCutAfterAMinute() {
    let pace = BodyPace(startedAt: start)
    var seconds: Int64 = 0
    while pace.deadline(received: Int(seconds / 10)) > start + .seconds(seconds) { seconds += 1 }
    #expect(seconds == 61)
  }

  @Test func theLargestBodyHasALimitToo() {
    let longest = BodyPace(startedAt: start).deadline(received: GatewayLimits.requestBody)
    #expect(longest <= start + .seconds(60 + 4096))
  }
}
