import Foundation
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct RefreshTokenGrantTests {
  @Test func R_20_V_058_concurrentRefreshesHaveOneSuccessorAndOneAnswer() async throws {
    let fixture = try await TokenFixture()
    let concurrency = TestCounts.pick(reduced: 100, full: 1000)
    let rounds = TestCounts.pick(reduced: 10, full: 100)
    var token = try await fixture.login().refreshToken
    for round in 0..<rounds {
      let current = token
      let answers = await withTaskGroup(of: Answer.self) { group in
        for _ in 0..<concurrency { group.addTask { await fixture.refresh(current) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      let first = try #require(answers.first)
      #expect(answers.count == concurrency)
      #expect(answers.allSatisfy { $0.status == 200 && $0.body == first.body }, "round \(round)")
      token = first.refreshToken
      #expect(token != current)
    }
    #expect(!fixture.audit.actions.contains(.tokenReused))
    #expect(await fixture.refresh(token).status == 200)
  }

  @Test func R_21_aLostAnswerIsGivenAgainInsideTheWindow() async throws {
    let fixture = try await TokenFixture()
    var token = try await fixture.login().refreshToken
    let losses = TestCounts.pick(reduced: 200, full: 10_000)
    for loss in 0..<losses {
      let lost = await fixture.refresh(token)
      fixture.clock.advance(by: .milliseconds(Int64(loss % 120) * 1000 + 999))
      let again = await fixture.refresh(token)
      #expect(again.status == 200 && again.body == lost.body)
      token = again.refreshToken
    }
    #expect(!fixture.audit.actions.contains(.tokenReused))
  }

  @Test func R_22_V_072_twoGenerationsBackEndsTheFamilyEvenInsideTheWindow() async throws {
    let fixture = try await TokenFixture()
    let first = try await fixture.login()
    let second = await fixture.refresh(first.refreshToken)
    let third = await fixture.refresh(second.refreshToken)
    let reuse = await fixture.refresh(first.refreshToken)
    #expect(reuse.status == 400 && reuse.error == "invalid_grant")
    #expect(await fixture.refresh(third.refreshToken).error == "invalid_grant")
    for answer in [first, second, third] {
      #expect(throws: AccessTokenRejection.revoked) { try fixture.verify(answer.accessToken) }
    }
    #expect(fixture.audit.events.filter { $0.action == .tokenReused }.map(\.flow) == ["flow-1"])
    #expect(try await fixture.store.revocations(after: 0, at: fixture.clock.now()).count == 1)
  }

  @Test(arguments: ["after window", "successor used"])
  func R_23_reuseEndsTheFamily(_ how: String) async throws {
    let fixture = try await TokenFixture()
    let first = try await fixture.login().refreshToken
    var newest = await fixture.refresh(first)
    if how == "successor used" {
      newest = await fixture.refresh(newest.refreshToken)
    } else {
      fixture.clock.advance(by: .seconds(120))
    }
    let reuse = await fixture.refresh(first)
    #expect(reuse.status == 400 && reuse.error == "invalid_grant")
    #expect(await fixture.refresh(newest.refreshToken).error == "invalid_grant")
    #expect(throws: AccessTokenRejection.revoked) { try fixture.verify(newest.accessToken) }
    #expect(fixture.audit.actions.contains(.tokenReused))
  }

  @Test func R_23_anotherClientsTokenIsRefusedWithoutEffect() async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient("other")
    let token = try await fixture.login().refreshToken
    for _ in 0..<2 { #expect(await fixture.refresh(token, client: "other").error == "invalid_grant") }
    let next = await fixture.refresh(token)
    #expect(next.status == 200)
    #expect(await fixture.refresh(token, client: "other").error == "invalid_grant")
    #expect(await fixture.refresh(next.refreshToken).status == 200)
  }

  @Test func T6_policyRefuseKeepsTheFamily() async throws {
    let fixture = try await TokenFixture()
    fixture.settings.change { $0.tokens.reuse = .refuse }
    let first = try await fixture.login().refreshToken
    let second = await fixture.refresh(first)
    fixture.clock.advance(by: .seconds(3 * 86_400))
    #expect(await fixture.refresh(first).error == "invalid_grant")
    #expect(fixture.audit.events.contains { $0.action == .tokenReused && $0.reason == "refresh_token_refused" })
    #expect(await fixture.refresh(second.refreshToken).status == 200)
  }

  @Test func T5_aWindowOfZeroIsStrict() async throws {
    let fixture = try await TokenFixture()
    fixture.settings.change { $0.tokens.replayWindow = .zero }
    let first = try await fixture.login().refreshToken
    #expect(await fixture.refresh(first).status == 200)
    #expect(await fixture.refresh(first).error == "invalid_grant")
  }

  @Test func T4_scopeAndResourceAreTheGrants() async throws {
    let fixture = try await TokenFixture()
    let code = try await fixture.code(scope: ["mcp", "offline_access"])
    let first = await fixture.redeem(code)
    let bare = await fixture.refresh(first.refreshToken)
    #expect(bare.json["scope"]?.stringValue == "mcp offline_access")
    let narrowed = await fixture.refresh(
      bare.refreshToken, extra: [("scope", "mcp"), ("resource", "https://gw.example/time/mcp")])
    #expect(narrowed.json["scope"]?.stringValue == "mcp")
    // Narrowing is for one token; the grant stays what the user agreed to (RFC 6749 §6).
    let again = await fixture.refresh(narrowed.refreshToken)
    #expect(again.json["scope"]?.stringValue == "mcp offline_access")
    #expect(try fixture.verify(again.accessToken).route == TokenFixture.time)
  }

  @Test func V_050h_aWrongResourceRotatesNothing() async throws {
    let fixture = try await TokenFixture()
    let token = try await fixture.login().refreshToken
    for resource in ["https://gw.example/mail/mcp", "https://gw.example/x/mcp", "junk"] {
      let refused = await fixture.refresh(token, extra: [("resource", resource)])
      #expect(refused.status == 400 && refused.error == "invalid_target", "\(resource)")
    }
    let digest = try #require(ArtefactKind.refreshToken.digest(token.utf8))
    #expect(try await fixture.store.refreshToken(digest)?.rotatedAt == nil)
    #expect(await fixture.refresh(token).status == 200)
  }

  @Test func N_11_idleAndAbsoluteLifetimes() async throws {
    let fixture = try await TokenFixture()
    fixture.settings.change {
      $0.tokens.refreshLifetime = .seconds(1000)
      $0.tokens.refreshFamilyLifetime = .seconds(2500)
    }
    let idle = try await fixture.login().refreshToken
    fixture.clock.advance(by: .seconds(1000))
    #expect(await fixture.refresh(idle).error == "invalid_grant")
    var token = try await fixture.login().refreshToken
    for _ in 0..<2 {
      fixture.clock.advance(by: .seconds(900))
      token = await fixture.refresh(token).refreshToken
    }
    fixture.clock.advance(by: .seconds(700))
    #expect(await fixture.refresh(token).error == "invalid_grant")
  }

  enum Change: String, CaseIterable {
    case familyRevoked, userDisabled, userMoved, routeGone, tenantSuspended, clientNarrowed
  }

  @Test(arguments: Change.allCases) func V_053_aChangeEndsTheGrantAtItsNextRefresh(_ change: Change) async throws {
    let fixture = try await TokenFixture()
    let login = try await fixture.login()
    let bystander = try await fixture.login(route: TokenFixture.mail)
    let token = login.refreshToken
    switch change {
    case .familyRevoked:
      let grant = try #require(try fixture.verify(login.accessToken).grant)
      try await fixture.revoker.revoke(.grant(grant), event: AuditEvent(at: fixture.clock.now(), action: .tokenRevoked))
    case .userDisabled: _ = try await fixture.store.setUserDisabled("ann", at: fixture.clock.now())
    case .userMoved:
      let moved = try await fixture.store.upsertFederatedUser(Self.federated("bob", tenant: "a"))
      let code = try await fixture.code(user: moved.id, tenant: "b")
      #expect(await fixture.redeem(code).error == "invalid_grant")
      return
    case .routeGone: fixture.settings.change { $0.routes = RouteDirectory(origin: $0.routes.origin, routes: []) }
    case .tenantSuspended:
      fixture.settings.change { settings in
        settings.routes = RouteDirectory(
          origin: settings.routes.origin,
          routes: settings.routes.routes.map { ProtectedRoute(id: $0.id, displayName: "x", tenants: ["elsewhere"]) })
      }
    case .clientNarrowed: try await fixture.addClient("app", servers: ["mail"])
    }
    let refused = await fixture.refresh(token)
    #expect(refused.status == 400 && refused.error == "invalid_grant")
    if change == .userDisabled {
      #expect(await fixture.refresh(bystander.refreshToken).error == "invalid_grant")
      // Nothing was spent: enabling the user again brings the grant back.
      _ = try await fixture.store.setUserDisabled("ann", at: nil)
      #expect(await fixture.refresh(token).status == 200)
    }
    if change == .clientNarrowed { #expect(await fixture.refresh(bystander.refreshToken).status == 200) }
  }

  private static func federated(_ id: UserID, tenant: TenantID) -> User {
    User(
      id: id, tenant: tenant, origin: .federated(issuer: "https://id.example", subject: id.value), displayName: "b",
      createdAt: Timestamp(seconds: 1))
  }

  @Test func V_053_G8_aRemovedClientIsInvalidClient() async throws {
    let fixture = try await TokenFixture()
    let token = try await fixture.login().refreshToken
    _ = try await fixture.store.removeClient("app")
    let refused = await fixture.refresh(token)
    #expect(refused.status == 401 && refused.error == "invalid_client")
  }

  @Test func T7_anOutageIsNeverAVerdict() async throws {
    let fixture = try await TokenFixture()
    let token = try await fixture.login().refreshToken
    fixture.store.fail(with: .unavailable("disk full"))
    let refused = await fixture.refresh(token)
    #expect(refused.status == 503 && refused.error == "temporarily_unavailable")
    #expect(refused.header("retry-after") != nil)
    fixture.store.fail(with: nil)
    #expect(await fixture.refresh(token).status == 200)
  }

  @Test func V_072_theReplayRecordIsSealedAndDoesNotOpenElsewhere() async throws {
    let fixture = try await TokenFixture()
    let token = try await fixture.login().refreshToken
    let answer = await fixture.refresh(token)
    let digest = try #require(ArtefactKind.refreshToken.digest(token.utf8))
    let outcome = try await fixture.store.rotateRefreshToken(
      RefreshRotation(
        presented: digest, client: "app",
        successor: RefreshToken(
          digest: ArtefactDigest(bytes: [1]), grant: "g", generation: 9, issuedAt: fixture.clock.now(),
          expiresAt: .distantFuture),
        sealedReply: [], replayWindow: .seconds(120), reuse: .revokeFamily, now: fixture.clock.now()))
    guard case .replayed(let sealed, _) = outcome else {
      Issue.record("not replayed")
      return
    }
    #expect(!ByteString(sealed).string.contains(answer.refreshToken))
    let place = { SealContext(tenant: $0, record: "refresh_reply", id: digest.bytes, column: "reply") }
    #expect(try fixture.sealer.open(sealed, in: place(.default)) == answer.body)
    #expect(throws: SealError.notAuthentic) { try fixture.sealer.open(sealed, in: place("other")) }
  }

  /// Time travel: whatever the order of refreshes and housekeeping, a token that nobody revoked and that is not too old
  /// works.
  @Test func R_25_housekeepingNeverTakesARefreshableGrant() async throws {
    let fixture = try await TokenFixture(seed: 25)
    try await fixture.addClient("dyn", origin: .dynamicRegistration)
    try await fixture.addClient("idle", origin: .dynamicRegistration)
    let job = AuthorizationServerHousekeeping(
      settings: { [settings = fixture.settings] in settings.current }, store: fixture.store, index: fixture.index)
    var token = try await fixture.login(client: "dyn").refreshToken
    for _ in 0..<60 {
      let days = Int64(fixture.random.next() % 29)
      fixture.clock.advance(by: .seconds(days * 86_400 + 3600))
      if fixture.clock.now() - Timestamp(seconds: 1_800_000_000) >= .seconds(364 * 86_400) { break }
      #expect(await job.run(at: fixture.clock.now()).failures.isEmpty)
      let answer = await fixture.refresh(token, client: "dyn")
      #expect(answer.status == 200)
      token = answer.refreshToken
    }
    #expect(try await fixture.store.client("dyn") != nil)
    #expect(try await fixture.store.client("idle") == nil)
    #expect(try await fixture.store.client("app") != nil)
  }
}
