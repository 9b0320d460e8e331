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
    .client("other"), .accessToken("alice"), .client("alice"), .grant("c"),
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
