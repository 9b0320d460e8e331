import MartletDomain
import MartletTestSupport
import OAuthClient
import Testing

@testable import MartletIdentity

struct LoginThrottleTests {
  let clock = FakeClock()

  func guess(_ name: String, from address: String, in browser: UInt8? = nil) -> LoginGuess {
    LoginGuess(
      account: LoginName(name), network: SourceNetwork(address: address),
      browser: browser.map { ArtefactDigest(bytes: [$0]) })
  }

  func isAdmitted(_ admission: LoginThrottle.Admission) -> Bool {
    if case .admitted = admission { true } else { false }
  }

  /// One wrong guess.
  ///
  /// - Returns: Whether it was admitted.
  func fail(_ throttle: LoginThrottle, _ guess: LoginGuess) -> Bool {
    guard case .admitted(let ticket) = throttle.admit(guess) else { return false }
    throttle.failed(ticket)
    return true
  }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "::ffff:192.0.2.1", true),
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true), ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
    ("[2001:db8::1]", "2001:db8::2", true), ("fe80::1%eth0", "fe80::2", true), ("junk", "junk2", false),
    ("junk", "junk", true), ("", "0.0.0.0", false),
  ])
  func V_068_networks(_ one: String, _ other: String, _ isSame: Bool) {
    #expect((SourceNetwork(address: one) == SourceNetwork(address: other)) == isSame)
  }

  @Test func V_068_waitsDoubleUpToACeiling() {
    let throttle = LoginThrottle(clock: clock)
    let ada = guess("ada", from: "192.0.2.1")
    for _ in 0..<6 { #expect(fail(throttle, ada)) }
    var waits: [Int64] = []
    for _ in 0..<10 {
      guard case .wait(let seconds) = throttle.admit(ada) else { break }
      waits.append(seconds)
      clock.advance(by: .seconds(seconds - 1))
      #expect(!fail(throttle, ada))
      clock.advance(by: .seconds(1))
      #expect(fail(throttle, ada))
    }
    #expect(waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    clock.advance(by: .seconds(900))
    for _ in 0..<6 { #expect(fail(throttle, ada)) }
  }

  @Test func V_068_spellingsShareACounter() {
    let throttle = LoginThrottle(clock: clock)
    for name in ["ada", "Ada", "ADA", "aDa", "adA", "ada"] {
      #expect(fail(throttle, guess(name, from: "192.0.2.1")))
    }
    #expect(throttle.admit(guess("AdA", from: "192.0.2.1")) == .wait(seconds: 2))
  }

  @Test func V_068_oneNetworkCannotLockAnAccountForAnother() {
    let throttle = LoginThrottle(clock: clock)
    for _ in 0..<1000 { _ = fail(throttle, guess("ada", from: "192.0.2.1")) }
    #expect(fail(throttle, guess("ada", from: "198.51.100.7")))
  }

  @Test func V_068_manyNetworksSlowStrangersButNotTheOwner() {
    let throttle = LoginThrottle(clock: clock)
    guard case .admitted(let owner) = throttle.admit(guess("ada", from: "198.51.100.7", in: 1)) else {
      Issue.record("not admitted")
      return
    }
    throttle.succeeded(owner, in: ArtefactDigest(bytes: [1]))
    for index in 0..<51 { #expect(fail(throttle, guess("ada", from: "10.0.0.\(index)"))) }
    // Under attack: one guess per network is free, then half a minute, where five were free before.
    #expect(fail(throttle, guess("ada", from: "203.0.113.1")))
    #expect(throttle.admit(guess("ada", from: "203.0.113.1")) == .wait(seconds: 30))
    // The owner's browser, wherever it is now, isn't concerned; neither is a first try of hers elsewhere.
    for _ in 0..<6 { #expect(fail(throttle, guess("ada", from: "10.0.0.1", in: 1))) }
    #expect(fail(throttle, guess("ada", from: "203.0.113.2")))
    // Another account isn't, either.
    for _ in 0..<5 { #expect(fail(throttle, guess("bob", from: "203.0.113.3"))) }
  }

  @Test func V_068_aKnownBrowserHasACounterOfItsOwn() {
    let throttle = LoginThrottle(clock: clock)
    guard case .admitted(let first) = throttle.admit(guess("ada", from: "192.0.2.1", in: 1)) else { return }
    throttle.succeeded(first, in: ArtefactDigest(bytes: [1]))
    for _ in 0..<6 { #expect(fail(throttle, guess("ada", from: "192.0.2.1", in: 1))) }
    #expect(throttle.admit(guess("ada", from: "192.0.2.99", in: 1)) == .wait(seconds: 2))
    // Being known for one account opens no other.
    for _ in 0..<6 { _ = fail(throttle, guess("bob", from: "192.0.2.1", in: 1)) }
    #expect(throttle.admit(guess("bob", from: "192.0.2.1", in: 1)) == .wait(seconds: 2))
  }

  @Test func V_068_aNetworkThatTriesManyAccountsIsSlowed() {
    let throttle = LoginThrottle(clock: clock)
    var admitted = 0
    for index in 0..<200 where fail(throttle, guess("user\(index)", from: "192.0.2.1")) { admitted += 1 }
    #expect(admitted == 31)
    #expect(fail(throttle, guess("user1", from: "192.0.2.2")))
  }

  @Test func V_068_ownSuccessesDoNotClearTheNetwork() {
    let throttle = LoginThrottle(clock: clock)
    for index in 0..<31 {
      _ = fail(throttle, guess("victim\(index)", from: "192.0.2.1"))
      clock.advance(by: .milliseconds(1))
      if case .admitted(let own) = throttle.admit(guess("mallory", from: "192.0.2.1", in: 9)) {
        throttle.succeeded(own, in: ArtefactDigest(bytes: [9]))
      }
    }
    #expect(!fail(throttle, guess("victim", from: "192.0.2.1")))
  }

  @Test func V_068_guessesUnderWayAreCounted() {
    let throttle = LoginThrottle(clock: clock)
    let ada = guess("ada", from: "192.0.2.1")
    var tickets: [LoginThrottle.Admitted] = []
    for _ in 0..<40 { if case .admitted(let ticket) = throttle.admit(ada) { tickets.append(ticket) } }
    #expect(tickets.count == 16)
    for ticket in tickets { throttle.failed(ticket) }
    #expect(throttle.admit(ada) == .wait(seconds: 300))
    clock.advance(by: .seconds(300))
    // From now on one at a time.
    #expect(isAdmitted(throttle.admit(ada)))
    #expect(throttle.admit(ada) == .wait(seconds: 1))
  }

  @Test func aGuessThatIsNeverReportedBlocksNobodyForLong() {
    let throttle = LoginThrottle(clock: clock)
    for _ in 0..<40 { _ = throttle.admit(guess("ada", from: "192.0.2.1")) }
    clock.advance(by: .seconds(900))
    #expect(fail(throttle, guess("ada", from: "192.0.2.1")))
  }

  @Test func aGuessThatCouldNotBeCheckedIsNotHeldAgainstAnybody() {
    let throttle = LoginThrottle(clock: clock)
    for _ in 0..<100 {
      guard case .admitted(let ticket) = throttle.admit(guess("ada", from: "192.0.2.1")) else {
        Issue.record("slowed")
        return
      }
      throttle.withdrawn(ticket)
    }
  }

  @Test func memoryIsBounded() {
    var limits = ThrottleLimits()
    limits.capacity = 100
    let throttle = LoginThrottle(limits: limits, clock: clock)
    for index in 0..<5000 {
      if case .admitted(let ticket) = throttle.admit(
        guess("user\(index)", from: "10.\(index / 250).0.\(index % 250)", in: UInt8(index % 256))), index % 2 == 0
      {
        throttle.succeeded(ticket, in: ArtefactDigest(bytes: [UInt8(index % 256), UInt8(index / 256)]))
      }
      clock.advance(by: .milliseconds(1))
    }
    #expect(throttle.size <= 500)
  }

  @Test func aClockThatGoesBackDoesNotLock() {
    let throttle = LoginThrottle(clock: clock)
    for _ in 0..<6 { _ = fail(throttle, guess("ada", from: "192.0.2.1")) }
    clock.advance(by: .seconds(-86_400))
    #expect(throttle.admit(guess("ada", from: "192.0.2.1")) == .wait(seconds: 2))
  }
}
