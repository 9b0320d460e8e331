import NIOCore
import Testing

@testable import MartletServer

struct RecordQuotaTests {
  @Test func soManyInAWindowAndAgainInTheNext() {
    let quota = RecordQuota(limit: 3, window: .seconds(60))
    let start = NIODeadline.now()
    #expect((0..<5).map { _ in quota.take(at: start) } == [2, 1, 0, nil, nil])
    #expect(quota.take(at: start + .milliseconds(59_999)) == nil)
    #expect(quota.take(at: start + .seconds(60)) == 2)
    #expect(quota.take(at: start + .seconds(61)) == 1)
  }
}
