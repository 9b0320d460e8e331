import OAuthProtocol
import StrictCoding
import Testing

@Suite struct PKCETests {
  let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
  let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

  @Test func rfc7636AppendixB() throws {
    let parsed = try CodeChallenge(challenge: challenge, method: "S256")
    #expect(try CodeVerifier(verifier).matches(parsed))
    #expect(CodeChallenge(try CodeVerifier(verifier)) == parsed)
    #expect(try !CodeVerifier(String(verifier.reversed())).matches(parsed))
  }

  @Test(arguments: ["plain", "s256", "S512", "", "S256 ", "S256\u{0}", nil])
  func V_050b_otherMethodsAreRefused(_ method: String?) {
    #expect(throws: OAuthError.self) { try CodeChallenge(challenge: challenge, method: method) }
  }

  @Test func V_050b_malformedChallengesAreRefused() {
    let bad: [String?] = [
      nil, "", verifier.dropLast().description, challenge + "=", challenge + "A",
      challenge.dropLast().description + "N",  // pad bits not zero
      challenge.replacing("-", with: "+"), challenge.dropLast().description + " ",
      challenge.dropLast().description + "\u{E9}",
    ]
    for value in bad {
      #expect(throws: OAuthError.self) { try CodeChallenge(challenge: value, method: "S256") }
    }
  }

  @Test func verifierGrammar() {
    let good = [
      String(repeating: "a", count: 43), String(repeating: "~", count: 128), "-._~" + String(repeating: "Z", count: 39),
    ]
    for value in good { #expect((try? CodeVerifier(value)) != nil) }
    let bad = [
      "", String(repeating: "a", count: 42), String(repeating: "a", count: 129),
      String(repeating: "a", count: 42) + "+",
      String(repeating: "\u{E9}", count: 43),
    ]
    for value in bad { #expect((try? CodeVerifier(value)) == nil) }
  }

  @Test func A_09_verifiersPrintRedacted() throws {
    let value = try CodeVerifier(verifier)
    var dumped = ""
    dump(value, to: &dumped)
    for output in ["\(value)", String(reflecting: value), dumped] { #expect(!output.contains("dBjft")) }
  }

  @Test func responsesCarryIssuerInSuccessAndError() throws {
    let uri = try RedirectURI(registering: "https://a.example/cb?x=1")
    let success = AuthorizationResponse.success(code: "c", state: "s/1", issuer: "https://gw.example")
    #expect(
      success.url(redirectingTo: uri) == "https://a.example/cb?x=1&code=c&state=s%2F1&iss=https%3A%2F%2Fgw.example")
    let failure = AuthorizationResponse.failure(
      OAuthError(.accessDenied, "no"), state: nil, issuer: "https://gw.example")
    #expect(failure.parameters.map(\.0) == ["error", "error_description", "iss"])
  }

  @Test func callbacksAreReadStrictly() throws {
    func read(_ query: String) throws -> AuthorizationResponse {
      try AuthorizationResponse(parsing: FormParameters(parsing: Array(query.utf8)))
    }
    #expect(try read("code=a&state=b&iss=c") == .success(code: "a", state: "b", issuer: "c"))
    guard case .failure(let error, "b", nil) = try read("error=access_denied&state=b") else {
      throw OAuthError(.serverError, "")
    }
    #expect(error.code == .accessDenied)
    for bad in [
      "", "code=", "code=a&code=b", "code=a&error=b", "state=a", "code=a&state=b&state=b", "code=a&iss=x&iss=y",
    ] {
      #expect(throws: OAuthError.self) { try read(bad) }
    }
  }
}
