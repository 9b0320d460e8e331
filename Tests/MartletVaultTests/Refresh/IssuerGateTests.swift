import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletVault

/// How much an authorization server is asked.
@Suite struct IssuerGateTests {
  let clock = FakeClock()

  private func limits(_ change: (inout IssuerLimits) -> Void = { _ in }) -> IssuerLimits {
    var limits = IssuerLimits()
    change(&limits)
    return limits
  }

  /// So many at once, and evenly.
  @Test func R_12_fewAtOnceAndEvenly() async throws {
    let gate = IssuerGate(limits: limits { ($0.concurrent, $0.perSecond) = (3, 50) }, clock: clock)
    for index in 0..<3 {
      #expect(await gate.enter("a", isUrgent: false) == .open(after: .milliseconds(20 * index)))
    }
    async let fourth = gate.enter("a", isUrgent: false)
    for _ in 0..<2_000 where gate.waiting("a") < 1 { try await Task.sleep(for: .milliseconds(2)) }
    #expect(gate.waiting("a") == 1, "a place has to come free first")
    #expect(await gate.enter("b", isUrgent: false) == .open(after: .zero))
    clock.advance(by: .milliseconds(45))
    gate.leave("a", .answered)
    #expect(await fourth == .open(after: .milliseconds(15)))
  }

  /// Calls that wait come before refreshes ahead of time.
  @Test func urgentOnesComeFirst() async throws {
    let gate = IssuerGate(limits: limits { $0.concurrent = 1 }, clock: clock)
    _ = await gate.enter("a", isUrgent: true)
    let order = try await withThrowingTaskGroup(of: Void.self) { group in
      let (entered, note) = AsyncStream<Bool>.makeStream()
      for isUrgent in [false, false, true] {
        group.addTask {
          _ = await gate.enter("a", isUrgent: isUrgent)
          note.yield(isUrgent)
          gate.leave("a", .answered)
        }
      }
      while gate.waiting("a") < 3 { try await Task.sleep(for: .milliseconds(2)) }
      gate.leave("a", .answered)
      var order: [Bool] = []
      for await isUrgent in entered.prefix(3) { order.append(isUrgent) }
      return order
    }
    #expect(order == [true, false, false])
  }

  /// A server that doesn't answer is left alone for longer and longer, and then tried by one.
  @Test func R_09_R_12_silentServerIsLeftAlone() async throws {
    let gate = IssuerGate(limits: limits(), clock: clock)
    for _ in 0..<5 {
      _ = await gate.enter("a", isUrgent: false)
      gate.leave("a", .silent)
    }
    var asked = 0
    for _ in 0..<3600 {
      if case .open = await gate.enter("a", isUrgent: true) {
        asked += 1
        gate.leave("a", .silent)
      }
      clock.advance(by: .seconds(1))
    }
    #expect((55...70).contains(asked))
    #expect(await gate.enter("b", isUrgent: false) == .open(after: .zero))
    clock.advance(by: .seconds(60))
    _ = await gate.enter("a", isUrgent: false)
    async let second = gate.enter("a", isUrgent: false)
    while gate.waiting("a") < 1 { try await Task.sleep(for: .milliseconds(2)) }
    gate.leave("a", .answered)
    guard case .open = await second else { return #expect(Bool(false), "closed after an answer") }
  }
}
