import MartletDomain
import MartletTestSupport
import Testing

@_spi(Verification) import MartletDomain

@Suite struct RevocationIndexTests {
  let now = Timestamp(seconds: 1_800_000_000)

  func principal(grant: GrantID? = "g", issuedAt: Timestamp? = nil) -> Principal {
    Principal(
      tenant: .default, issuer: "https://gw.example", subject: "alice", client: "c", route: RouteID(server: "time"),
      scope: ["mcp"], grant: grant, flow: nil, credentialID: "jti", issuedAt: issuedAt ?? now,
      expiresAt: now + .seconds(3600))
  }

  func row(_ target: RevocationTarget, until: Timestamp? = nil, sequence: Int64 = 1) -> SequencedRevocation {
    let revocation = Revocation(target: target, issuedUntil: until ?? now, expiresAt: now + .seconds(3600))
    return SequencedRevocation(sequence: sequence, revocation: revocation)
  }

  @Test(arguments: [
    RevocationTarget.accessToken("jti"), .grant("g"), .user(.default, "alice"), .client("c"),
    .tenant(.default), .route(RouteID(server: "time")),
  ])
  func everyTargetCounts(_ target: RevocationTarget) {
    let index = RevocationIndex()
    #expect(!index.isRevoked(principal()))
    index.apply([row(target)])
    #expect(index.isRevoked(principal()))
    #expect(!index.isRevoked(principal(issuedAt: now + .seconds(1))), "what was issued later stands")
  }

  @Test(arguments: [
    RevocationTarget.accessToken("other"), .grant("other"), .user("acme", "alice"), .user(.default, "bob"),
    .client("other"), .accessToken("alice"), .client("alice"), .grant("c"), .tenant("acme"),
    .route(RouteID(space: "default", server: "time")),
  ])
  func othersStand(_ target: RevocationTarget) {
    let index = RevocationIndex()
    index.apply([row(target)])
    #expect(!index.isRevoked(principal()))
    #expect(!index.isRevoked(principal(grant: nil)))
  }

  @Test func rowsComeInAnyOrder() {
    let index = RevocationIndex()
    index.apply([row(.client("c"), until: now + .seconds(5), sequence: 9)])
    index.apply([row(.client("c"), until: now - .seconds(5), sequence: 3)])
    #expect(index.sequence == 9)
    #expect(index.isRevoked(principal(issuedAt: now + .seconds(5))))
    index.apply(Revocation(target: .client("d"), issuedUntil: now, expiresAt: now))
    #expect(index.sequence == 9, "a row of our own has no number yet")
  }

  @Test func R_84_rowsCountFromTheirTimeOn() {
    let index = RevocationIndex()
    let row = Revocation(
      target: .accessToken("jti"), issuedUntil: .distantFuture, effectiveAt: now + .seconds(60),
      expiresAt: now + .seconds(3600))
    index.apply(row)
    index.apply([SequencedRevocation(sequence: 1, revocation: row)])
    let generation = index.generation
    index.advance(to: now + .seconds(59))
    #expect(!index.isRevoked(principal()))
    #expect(index.generation == generation, "nothing has to be looked at again")
    index.advance(to: now + .seconds(60))
    #expect(index.isRevoked(principal()))
    #expect(index.generation != generation)
  }

  @Test func rowsAreForgottenWhenTheirTokensHaveExpired() {
    let index = RevocationIndex()
    index.apply([row(.client("c"))])
    index.removeExpired(at: now + .seconds(3599))
    #expect(index.isRevoked(principal()))
    index.removeExpired(at: now + .seconds(3600))
    #expect(!index.isRevoked(principal()))
    #expect(index.sequence == 1)
  }
}
