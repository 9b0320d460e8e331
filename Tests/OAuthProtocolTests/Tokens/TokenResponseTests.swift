import OAuthProtocol
import StrictCoding
import Testing

@Suite struct TokenResponseTests {
  @Test func T_10_everythingIsAlwaysSent() {
    #expect(
      text(TokenResponse(accessToken: "a.b.c", expiresIn: 3600, scope: []).json())
        == #"{"access_token":"a.b.c","token_type":"Bearer","expires_in":3600,"scope":""}"#)
    #expect(
      text(TokenResponse(accessToken: "a", expiresIn: 1, refreshToken: "r", scope: ["x", "y"]).json())
        == #"{"access_token":"a","token_type":"Bearer","expires_in":1,"refresh_token":"r","scope":"x y"}"#)
  }

  @Test(arguments: [
    (#"{"access_token":"a"}"#, nil as Int64?), (#"{"access_token":"a","expires_in":3600}"#, 3600),
    (#"{"access_token":"a","expires_in":"3600"}"#, 3600), (#"{"access_token":"a","expires_in":3599.9}"#, 3599),
    (#"{"access_token":"a","expires_in":1e300}"#, 315_360_000), (#"{"access_token":"a","expires_in":-5}"#, 0),
    (#"{"access_token":"a","expires_in":9223372036854775807}"#, 315_360_000),
    (#"{"access_token":"a","expires_in":"99999999999999999999"}"#, nil),
    (#"{"access_token":"a","expires_in":null}"#, nil),
    (#"{"access_token":"a","expires_in":"-1","token_type":"bearer","error":""}"#, nil),
  ])
  func S_07_expiresInNeverTraps(_ body: String, _ expected: Int64?) throws {
    #expect(try TokenResponse(json: json(body)).expiresIn == expected)
  }

  @Test func T_09_errorsCountInAnyStatus() throws {
    #expect(throws: TokenResponseError.refused(code: "invalid_grant", description: "gone")) {
      try TokenResponse(json: json(#"{"error":"invalid_grant","error_description":"gone","access_token":"x"}"#))
    }
  }

  @Test(arguments: [
    "{}", "[]", "null", #"{"access_token":""}"#, #"{"access_token":1}"#, #"{"access_token":"a b"}"#,
    #"{"access_token":"a\r\nX: y"}"#,
    #"{"access_token":"a","token_type":"DPoP"}"#, #"{"access_token":"a","refresh_token":7}"#,
    #"{"access_token":"a","refresh_token":"\n"}"#,
  ])
  func unusableAnswers(_ body: String) throws {
    let value = try json(body)
    #expect(throws: TokenResponseError.self) { try TokenResponse(json: value) }
  }

  @Test func A_09_tokensPrintRedacted() {
    let response = TokenResponse(accessToken: "canary", expiresIn: 1, refreshToken: "canary", scope: [])
    var dumped = ""
    dump(response, to: &dumped)
    for output in ["\(response)", String(reflecting: response), dumped] { #expect(!output.contains("canary")) }
  }

  @Test func introspectionSaysNothingAboutInactiveTokens() {
    #expect(text(IntrospectionResponse.inactive.json()) == #"{"active":false}"#)
    let active = IntrospectionResponse.active(
      .init(
        issuer: "i", subject: "s", clientID: "c", audience: ["a"], scope: ["x"], issuedAt: 1, expiresAt: 2, tokenID: "j"
      ))
    #expect(
      text(active.json())
        == #"""
        {"active":true,"iss":"i","sub":"s","client_id":"c","aud":"a","scope":"x","token_type":"Bearer",\#
        "iat":1,"exp":2,"jti":"j"}
        """#
    )
  }

  @Test func errorsAreSanitizedAndHaveTheirStatus() {
    let error = OAuthError(.invalidClient, "a\"b\\c\r\nd\u{E9}", reason: "secret reason")
    #expect(text(error.json()) == #"{"error":"invalid_client","error_description":"a'b'c  d??"}"#)
    #expect(error.httpStatus == 401)
    #expect(OAuthError(.temporarilyUnavailable, "", retryAfterSeconds: 5).httpStatus == 503)
    #expect(OAuthError(.invalidGrant, "").httpStatus == 400)
    #expect(OAuthError(.invalidGrant, String(repeating: "x", count: 5000)).description.utf8.count == 300)
    for code in OAuthErrorCode.allCases { #expect(OAuthErrorCode(rawValue: code.rawValue) == code) }
  }
}
