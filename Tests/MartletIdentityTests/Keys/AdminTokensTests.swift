import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletIdentity

@Suite struct AdminTokensTests {
  private let clock = FakeClock()
  private let store = MemoryStore()

  private func tokens() -> AdminTokens {
    AdminTokens(store: store, audit: RecordingAuditSink(), clock: clock, random: SystemRandom())
  }

  private func works(_ bearer: Secret, _ tokens: AdminTokens) async -> Bool {
    let presented = ByteString(bearer.expose())
    return (try? await tokens.verify(presented, from: "127.0.0.1")) != nil
  }

  @Test func N_30_aBearerThatLiesUnusedEnds() async throws {
    let tokens = tokens()
    let made = try await tokens.issue(.admin, tenant: nil, lifetime: .seconds(86_400), idleLimit: .seconds(1800))
    // What is used lives on, also where the process that sees it changes.
    for _ in 0..<5 {
      clock.advance(by: .seconds(1700))
      #expect(await works(made.bearer, self.tokens()))
    }
    clock.advance(by: .seconds(1800))
    #expect(await !works(made.bearer, tokens))
    #expect(try await store.adminTokens().map { $0.isLive(at: clock.now()) } == [false])
    #expect(await !works(made.bearer, tokens), "asking again doesn't bring it back")
  }

  @Test func N_30_aScriptsBearerLivesAsLongAsItShould() async throws {
    let tokens = tokens()
    let made = try await tokens.issue(.auditor, tenant: nil, lifetime: .seconds(86_400), idleLimit: nil)
    clock.advance(by: .seconds(86_399))
    #expect(await works(made.bearer, tokens))
    clock.advance(by: .seconds(1))
    #expect(await !works(made.bearer, tokens))
  }

  @Test(arguments: [Duration.zero, .milliseconds(999), .seconds(31 * 86_400)])
  func N_30_idleLimitsHaveBounds(_ limit: Duration) async {
    await #expect(throws: AdminTokenError.invalidIdleLimit) {
      _ = try await tokens().issue(.admin, tenant: nil, lifetime: .seconds(60), idleLimit: limit)
    }
  }
}
