import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Synchronization
import Testing

@_spi(Verification) @testable import MartletDomain
@testable import MartletPolicy

/// A clock that a test moves.
private final class ScriptedTime: PassingTime {
  private let now = Atomic<Int64>(0)

  func nanoseconds() -> Int64 { now.load(ordering: .relaxed) }

  func advance(seconds: Double) { now.add(Int64(seconds * 1e9), ordering: .relaxed) }
}

@Suite struct MemoryCallLimiterTests {
  private let time = ScriptedTime()

  private static func call(
    _ user: ByteString = "ada", tenant: TenantID = "acme", client: ClientID = "app", server: ServerName = "github",
    tool: ByteString? = "search", arguments: [UInt8]? = nil
  ) -> LimitedCall {
    let principal = Principal(
      tenant: tenant, issuer: "https://gw.example", subject: user, client: client, route: RouteID(server: server),
      scope: ScopeSet(tolerant: "mcp"), grant: GrantID(user), flow: nil, credentialID: "id",
      issuedAt: Timestamp(seconds: 0), expiresAt: Timestamp(seconds: 3600))
    return LimitedCall(principal: principal, session: nil, server: server, tool: tool, arguments: arguments)
  }

  private func allows(_ limiter: MemoryCallLimiter, _ call: LimitedCall, _ rules: LimitRules) -> Bool {
    refusal(limiter, call, rules) == nil
  }

  private func refusal(_ limiter: MemoryCallLimiter, _ call: LimitedCall, _ rules: LimitRules) -> LimitRefusal? {
    do throws(LimitRefusal) {
      _ = try limiter.admit(call, under: rules)
      return nil
    } catch { return error }
  }

  @Test func V_085_aToolHasOneCountHoweverItIsWritten() {
    let limiter = MemoryCallLimiter(time: time)
    let calls = LimitedCalls(tools: [NamePattern("Search")].compactMap { $0 })
    let rules = LimitRules(
      rates: [RateLimit(name: "tool", dimensions: [.user, .tool], calls: calls, quota: 2, window: .seconds(60))])
    let names: [ByteString] = [
      "search", "SEARCH", " search", "\u{FF33}earch", "\u{17F}earch", "sea\u{200B}rch", "search",
    ]
    #expect(
      names.map { allows(limiter, Self.call(tool: $0), rules) } == [true, true] + names.dropFirst(2).map { _ in false })
    #expect(allows(limiter, Self.call(tool: "research"), rules))
  }

  /// The oracle counts in whole calls and seconds; the limiter in nanoseconds.
  @Test func V_085_tenThousandCallsAtOnceAndThenASteadyStream() async {
    let limiter = MemoryCallLimiter(time: time)
    let rules = LimitRules(rates: [RateLimit(name: "user", dimensions: [.user], quota: 1_000, window: .seconds(10))])
    var allowed = 0
    for round in 0..<10 {
      if round > 0 { time.advance(seconds: 1) }
      allowed += await withTaskGroup(of: Int.self) { group in
        for _ in 0..<100 {
          group.addTask { (0..<100).count { _ in allows(limiter, Self.call(), rules) } }
        }
        return await group.reduce(0, +)
      }
    }
    // A full bucket, and 100 calls for each of the nine seconds that went by; 1 % is 19.
    #expect(abs(allowed - 1_900) <= 19, "\(allowed) of 100,000")
  }

  @Test func V_085_everyLimitHasRoomOrNoneIsUsedUp() {
    let limiter = MemoryCallLimiter(time: time)
    let rules = LimitRules(
      rates: [
        RateLimit(name: "tenant", dimensions: [.tenant], quota: 10, window: .seconds(1000)),
        RateLimit(name: "user", dimensions: [.user], quota: 2, window: .seconds(1000)),
      ], concurrent: [CallCeiling(name: "together", dimensions: [.tenant], most: 100)])
    for _ in 0..<50 { _ = try? limiter.admit(Self.call("ada"), under: rules) }
    // Ada took two of the tenant's ten, whatever she tried.
    let others = (0..<20).count { allows(limiter, Self.call(ByteString("user\($0)")), rules) }
    #expect(others == 8)
    #expect(limiter.running == 0, "leases that nobody holds are given back")
  }

  @Test func V_085_S_07_theLargestBurstIsANumber() throws {
    let limiter = MemoryCallLimiter(time: time)
    let limit = RateLimit(name: "user", dimensions: [.user], quota: 1, window: .seconds(86_400), burst: 1_000_000)
    #expect(limit.burst == 36_500, "100 years")
    let rules = LimitRules(
      rates: [limit],
      costs: [LimitRules.Cost(calls: LimitedCalls(tools: NamePattern("dear").map { [$0] }), amount: .max)])
    time.advance(seconds: 86_400)
    #expect(allows(limiter, Self.call(tool: "dear"), rules), "a full bucket")
    let refused = try #require(refusal(limiter, Self.call(tool: "dear"), rules))
    #expect(refused.retryAfter == 100 * 365 * 86_400)
  }

  @Test func V_085_aToolIsOneInEverySpelling() {
    let limiter = MemoryCallLimiter(time: time)
    let rules = LimitRules(rates: [RateLimit(name: "tool", dimensions: [.tool], quota: 2, window: .seconds(60))])
    #expect(allows(limiter, Self.call(tool: "search"), rules))
    #expect(allows(limiter, Self.call(tool: "SEARCH"), rules))
    #expect(!allows(limiter, Self.call(tool: "Search"), rules))
    #expect(allows(limiter, Self.call(tool: "searches"), rules))
  }

  @Test func N_36_aLimitThatIsChangedCountsFromThenOn() {
    let limiter = MemoryCallLimiter(time: time)
    let rules = { (window: Duration) in
      LimitRules(rates: [RateLimit(name: "user", dimensions: [.user], quota: 2, window: window)])
    }
    for _ in 0..<2 { #expect(allows(limiter, Self.call(), rules(.seconds(86_400)))) }
    #expect(refusal(limiter, Self.call(), rules(.seconds(86_400)))?.retryAfter == 43_200)
    #expect(refusal(limiter, Self.call(), rules(.seconds(2)))?.retryAfter == 1)
    time.advance(seconds: 1)
    #expect(allows(limiter, Self.call(), rules(.seconds(2))))
  }

  @Test func A_41_tenantsDontMeet() {
    let limiter = MemoryCallLimiter(time: time)
    for dimension in LimitDimension.allCases {
      let rules = LimitRules(
        rates: [RateLimit(name: dimension.rawValue, dimensions: [dimension], quota: 1, window: .seconds(60))])
      #expect(allows(limiter, Self.call(tenant: "acme"), rules) && !allows(limiter, Self.call(tenant: "acme"), rules))
      #expect(allows(limiter, Self.call(tenant: "umbrella"), rules), "\(dimension)")
    }
  }

  @Test func V_085_whatIsCountedApart() {
    let limiter = MemoryCallLimiter(time: time)
    func rules(_ dimensions: Set<LimitDimension>) -> LimitRules {
      LimitRules(rates: [RateLimit(name: "\(dimensions.count)", dimensions: dimensions, quota: 1, window: .seconds(60))]
      )
    }
    let perUserAndTool = rules([.user, .tool])
    #expect(allows(limiter, Self.call(), perUserAndTool))
    #expect(allows(limiter, Self.call(tool: "other"), perUserAndTool))
    #expect(allows(limiter, Self.call("grace"), perUserAndTool))
    #expect(allows(limiter, Self.call(server: "mail"), perUserAndTool))
    #expect(!allows(limiter, Self.call(client: "another"), perUserAndTool))
  }

  @Test func V_085_bucketsFillAgainAndSayWhen() {
    let limiter = MemoryCallLimiter(time: time)
    let rules = LimitRules(
      rates: [RateLimit(name: "minute", dimensions: [.user], quota: 6, window: .seconds(60), burst: 2)],
      costs: [LimitRules.Cost(calls: LimitedCalls(tools: NamePattern("dear").map { [$0] }), amount: 2)])
    #expect(allows(limiter, Self.call(), rules) && allows(limiter, Self.call(), rules))
    #expect(refusal(limiter, Self.call(), rules)?.retryAfter == 10)
    #expect(refusal(limiter, Self.call(tool: "dear"), rules)?.retryAfter == 20, "it counts for two")
    time.advance(seconds: 9.5)
    #expect(refusal(limiter, Self.call(), rules)?.retryAfter == 1)
    time.advance(seconds: 0.5)
    #expect(allows(limiter, Self.call(), rules) && !allows(limiter, Self.call(), rules))
    time.advance(seconds: 1000)
    #expect(allows(limiter, Self.call(), rules) && allows(limiter, Self.call(), rules))
    #expect(!allows(limiter, Self.call(), rules), "no more than the bucket holds")
  }

  @Test func V_085_leasesAreGivenBackOnce() throws {
    let limiter = MemoryCallLimiter(time: time)
    let rules = LimitRules(rates: [], concurrent: [CallCeiling(name: "two", dimensions: [.user], most: 2)])
    let first = try limiter.admit(Self.call(), under: rules)
    var second = try limiter.admit(Self.call(), under: rules)
    #expect(refusal(limiter, Self.call(), rules)?.kind == .concurrency)
    first?.release()
    first?.release()
    let third = try limiter.admit(Self.call(), under: rules)
    #expect(limiter.running == 2 && third != nil && second != nil)
    second = nil
    #expect(limiter.running == 1, "the last one who lets go gives it back")
    third?.release()
    #expect(limiter.running == 0)
  }

  @Test func theSameCallAgainAndAgainIsALoop() {
    let limiter = MemoryCallLimiter(time: time)
    let guardian = RateLimit(
      name: "loops", dimensions: [.user, .client, .server, .tool], quota: 3, window: .seconds(60), isLoopGuard: true)
    let rules = LimitRules(rates: [guardian])
    for _ in 0..<3 { #expect(allows(limiter, Self.call(arguments: [1]), rules)) }
    #expect(refusal(limiter, Self.call(arguments: [1]), rules)?.kind == .loop)
    #expect(
      allows(limiter, Self.call(arguments: [2]), rules) && allows(limiter, Self.call(tool: "x", arguments: [1]), rules))
    #expect(allows(limiter, Self.call("grace", arguments: [1]), rules))
  }

  @Test func inventedToolsDontFillMemoryAndEscapeNothing() {
    let limiter = MemoryCallLimiter(time: time, capacity: 100)
    let rules = LimitRules(rates: [RateLimit(name: "tool", dimensions: [.tool], quota: 1, window: .seconds(60))])
    let allowed = (0..<1_000).count { allows(limiter, Self.call(tool: ByteString("tool-\($0)")), rules) }
    #expect(allowed == 101, "a hundred of their own, and one that the rest shares")
    #expect(allows(limiter, Self.call(tenant: "umbrella"), rules), "and only for that tenant")
  }
}
