import Crypto
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import Testing

@Suite struct CookieAndFormTests {
  let random = SeededRandom(seed: 89)

  @Test func V_089_httpsCookiesAreHostBound() throws {
    let policy = CookiePolicy(origin: try #require(HTTPOrigin("https://gw.example")))
    let value = Secret("v")
    #expect(policy.name(.browser) == "__Host-martlet-browser")
    #expect(
      policy.set(.session, value, lifetime: .seconds(60))
        == "__Host-martlet-session=v; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60")
    #expect(
      policy.set(.browser, value, lifetime: nil) == "__Host-martlet-browser=v; Path=/; HttpOnly; SameSite=Lax; Secure")
    #expect(policy.clear(.session) == "__Host-martlet-session=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0")
    for name in CookiePolicy.Name.allCases {
      let cookie = policy.set(name, ArtefactKind.browser.mint(random), lifetime: .seconds(1))
      #expect(!cookie.contains("Domain") && cookie.utf8.count <= 4096)
    }
  }

  @Test func V_089_loopbackCookiesCarryThePort() throws {
    let first = CookiePolicy(origin: try #require(HTTPOrigin("http://127.0.0.1:8080")))
    let second = CookiePolicy(origin: try #require(HTTPOrigin("http://127.0.0.1:8081")))
    #expect(first.name(.session) == "martlet-8080-session")
    #expect(first.name(.session) != second.name(.session))
    let cookie = first.set(.session, Secret("v"), lifetime: nil)
    #expect(!cookie.contains("Secure") && !cookie.contains("__Host-"))
    #expect(cookie.contains("; HttpOnly; SameSite=Lax"))
    #expect(Set(CookiePolicy.Name.allCases.map(first.name)).count == CookiePolicy.Name.allCases.count)
  }

  @Test func V_023_formValueIsBound() {
    let sample = Sample(seed: 23)
    let forms = FormGuard(keys: [SymmetricKey(data: random.bytes(32))])
    let browser = sample.digest()
    let value = forms.value(purpose: "consent", transaction: "t1", browser: browser)
    #expect(forms.accepts(value, purpose: "consent", transaction: "t1", browser: browser))
    #expect(value == forms.value(purpose: "consent", transaction: "t1", browser: browser), "any tab's copy counts")
    #expect(!forms.accepts(value, purpose: "login", transaction: "t1", browser: browser))
    #expect(!forms.accepts(value, purpose: "consent", transaction: "t2", browser: browser))
    #expect(!forms.accepts(value, purpose: "consent", transaction: "t1", browser: sample.digest()))
    #expect(!forms.accepts(value, purpose: "consentt1", transaction: "", browser: browser))
    for wrong in ["", value + "A", value + "=", String(value.dropLast()), "\u{0}", "é", value.uppercased()] {
      #expect(!forms.accepts(wrong, purpose: "consent", transaction: "t1", browser: browser), "\(wrong)")
    }
  }

  @Test func R_83_olderKeysAreStillAccepted() {
    let browser = Sample(seed: 83).digest()
    let old = SymmetricKey(data: random.bytes(32))
    let new = SymmetricKey(data: random.bytes(32))
    let before = FormGuard(keys: [old]).value(purpose: "p", transaction: "t", browser: browser)
    let rotated = FormGuard(keys: [new, old])
    let after = rotated.value(purpose: "p", transaction: "t", browser: browser)
    #expect(before != after)
    #expect(rotated.accepts(before, purpose: "p", transaction: "t", browser: browser))
    #expect(rotated.accepts(after, purpose: "p", transaction: "t", browser: browser))
    #expect(!FormGuard(keys: [new]).accepts(before, purpose: "p", transaction: "t", browser: browser))
  }

  @Test func formGuardWithoutKeysAcceptsNothing() {
    let browser = Sample(seed: 84).digest()
    let none = FormGuard(keys: [])
    #expect(
      !none.accepts(
        none.value(purpose: "p", transaction: "t", browser: browser), purpose: "p", transaction: "t", browser: browser))
  }
}
