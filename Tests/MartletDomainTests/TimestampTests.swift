import MartletDomain
import Testing

@Suite struct TimestampTests {
  @Test func S_07_arithmeticSaturates() {
    let durations: [Duration] = [
      .zero, .seconds(1), .seconds(-1), .milliseconds(Int64.max), .milliseconds(Int64.min), .seconds(Int64.max),
      .seconds(Int64.min), .nanoseconds(1), .nanoseconds(-1), .milliseconds(-1),
    ]
    let times: [Timestamp] = [
      .distantPast, .distantFuture, Timestamp(seconds: 0), Timestamp(seconds: .max), Timestamp(seconds: .min),
      Timestamp(milliseconds: -1), Timestamp(seconds: 1_800_000_000),
    ]
    for time in times {
      for duration in durations {
        #expect(duration < .zero || time + duration >= time)
        #expect(duration > .zero || time + duration <= time)
        #expect(duration < .zero || time - duration <= time)
        #expect(duration > .zero || time - duration >= time)
      }
      for other in times { #expect((time - other >= .zero) == (time >= other)) }
    }
    #expect(Timestamp.distantFuture + .seconds(1) == .distantFuture)
    #expect(Timestamp.distantPast - .seconds(1) == .distantPast)
    #expect(Timestamp(seconds: .max) == .distantFuture)
    #expect(Timestamp.distantPast - .distantFuture == .milliseconds(Int64.min))
  }

  @Test func secondsRoundDown() {
    #expect(Timestamp(milliseconds: 1999).seconds == 1)
    #expect(Timestamp(milliseconds: 0).seconds == 0)
    #expect(Timestamp(milliseconds: -1).seconds == -1)
    #expect(Timestamp(milliseconds: -1000).seconds == -1)
    #expect(Timestamp(milliseconds: -1001).seconds == -2)
    #expect(Timestamp(seconds: 12).milliseconds == 12_000)
  }
}
