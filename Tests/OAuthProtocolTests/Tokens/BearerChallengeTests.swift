import OAuthProtocol
import Testing

@Suite struct BearerChallengeTests {
  @Test func V_042_challengeText() {
    let first = BearerChallenge(
      resourceMetadata: "https://gw.example/.well-known/oauth-protected-resource/time/mcp", scope: ["mcp:tools"])
    #expect(
      first.string
        == #"""
        Bearer resource_metadata="https://gw.example/.well-known/oauth-protected-resource/time/mcp", \#
        scope="mcp:tools"
        """#
    )
    #expect(BearerChallenge().string == "Bearer")
    let expired = BearerChallenge(error: .invalidToken, errorDescription: "a \"quoted\\\" thing\r\nX: y \u{E9}")
    #expect(expired.string == #"Bearer error="invalid_token", error_description="a 'quoted'' thing  X: y ??""#)
  }

  /// A path that was sent goes into the challenge: it must not end the field.
  @Test(arguments: ["\r\n", "\n", "\r", "\u{0}", "\u{85}", "\u{2028}", "\t"])
  func V_042_nothingEndsTheField(_ hostile: String) {
    let text = "https://gw.example/a" + hostile + "Set-Cookie: x=1"
    let challenge = BearerChallenge(resourceMetadata: text, errorDescription: text, realm: text).string
    #expect(challenge.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(challenge)")
  }

  @Test(arguments: [
    BearerChallenge(resourceMetadata: "https://a.example/x?y=1,2", scope: ["a", "b"]),
    BearerChallenge(scope: ["a"], error: .insufficientScope, errorDescription: "needs, more = \\ scope", realm: "x\"y"),
    BearerChallenge(realm: ""), BearerChallenge(),
  ])
  func roundTrip(_ challenge: BearerChallenge) throws {
    let parsed = try #require(BearerChallenge(fields: [challenge.string]))
    #expect(parsed.resourceMetadata == challenge.resourceMetadata)
    #expect(parsed.scope == challenge.scope)
    #expect(parsed.error == challenge.error)
    #expect(parsed.realm == challenge.realm)
    #expect(parsed.errorDescription == challenge.errorDescription?.replacing("\\", with: "'"))
  }

  @Test func listsOfChallenges() throws {
    let field =
      #"""
      Basic realm="a, Bearer x=\"1\"", Negotiate, Negotiate YII=, bearer  realm=plain ,scope = "s1 s2", \#
      error=invalid_token, Digest a=b
      """#
    let challenges = AuthenticationChallenge.parse([field])
    #expect(challenges.map(\.scheme) == ["basic", "negotiate", "negotiate", "bearer", "digest"])
    #expect(challenges[0]["realm"] == #"a, Bearer x="1""#)
    #expect(challenges[2].token68 == "YII=")
    #expect(challenges[3]["scope"] == "s1 s2")
    let bearer = try #require(BearerChallenge(fields: ["Basic", field]))
    #expect(bearer.error == .invalidToken)
    #expect(bearer.scope == ["s1", "s2"])
  }

  @Test func D_08_schemeAndNamesIgnoreCase() throws {
    let parsed = try #require(BearerChallenge(fields: [#"BEARER Resource_Metadata="https://x.example/""#]))
    #expect(parsed.resourceMetadata == "https://x.example/")
  }

  @Test func looseFieldsAreReadAsFarAsPossible() {
    #expect(BearerChallenge(fields: []) == nil)
    #expect(BearerChallenge(fields: ["", ",,,", "\"", "="]) == nil)
    #expect(
      BearerChallenge(fields: [#"Bearer resource_metadata=https://x.example/a"#])?.resourceMetadata
        == "https://x.example/a")
    #expect(BearerChallenge(fields: [#"Bearer realm="open"#])?.realm == "open")
    #expect(BearerChallenge(fields: [#"Bearer error="weird_code""#])?.error == nil)
    #expect(BearerChallenge(fields: [#"Bearer error="a" scope="b""#])?.scope == ["b"])
  }

  @Test func boundedWork() {
    let many = String(repeating: "Bearer a=b,", count: 100_000)
    #expect(AuthenticationChallenge.parse([many]).count == 32)
    #expect(AuthenticationChallenge.parse(Array(repeating: many, count: 100)).count == 32)
    let wide = "Bearer " + (0..<1000).map { "p\($0)=1" }.joined(separator: ",")
    #expect(AuthenticationChallenge.parse([wide]).first?.parameters.count == 64)
    #expect(AuthenticationChallenge.parse([String(repeating: "\"", count: 1_000_000)]).isEmpty)
    #expect(BearerChallenge(fields: [String(repeating: " ", count: 16_384), "Bearer realm=late"]) == nil)
  }
}
