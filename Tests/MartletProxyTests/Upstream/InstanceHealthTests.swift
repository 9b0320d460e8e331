import NIOCore
import Testing

@testable import MartletProxy

struct InstanceHealthTests {
  @Test func anInstanceThatIsGoneIsLeftOutAtTheSecondTry() {
    var health = InstanceHealth()
    #expect(health.failed(.unreachable, jitter: 20) == nil)
    #expect(health.ejectedFor == nil)
    #expect(health.failed(.unreachable, jitter: 20) == .seconds(1))
    #expect(health.ejectedFor == .unreachable)
    #expect(health.failed(.unreachable, jitter: 20) == nil, "one probe is enough")
  }

  @Test func anInstanceThatFailsIsLeftOutLater() {
    var health = InstanceHealth()
    for _ in 0..<4 { #expect(health.failed(.failing, jitter: 20) == nil) }
    health.succeeded()
    #expect(health == InstanceHealth(), "in a row, not in all")
    for _ in 0..<4 { #expect(health.failed(.failing, jitter: 20) == nil) }
    #expect(health.failed(.failing, jitter: 20) != nil)
  }

  @Test func thePauseGrowsAndIsBounded() {
    var health = InstanceHealth()
    _ = health.failed(.unreachable, jitter: 0)
    #expect(health.failed(.unreachable, jitter: 0) == .milliseconds(800))
    var pauses: [TimeAmount] = []
    for _ in 0..<20 { pauses.append(health.stillFails(jitter: 40)) }
    #expect(pauses.first == .milliseconds(2400))
    #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(pauses.last == .seconds(72), "60 s and a fifth")
    health.succeeded()
    #expect(!health.isTroubled)
  }
}
