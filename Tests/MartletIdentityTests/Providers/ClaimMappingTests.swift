import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletIdentity

struct ClaimMappingTests {
  /// Logs in with claims and settings.
  func logIn(
    _ claims: [String: JSONValue?], _ change: (inout ProviderSettings) -> Void
  ) async throws -> (response: EndpointResponse, user: User?, reason: String?) {
    let fixture = try await LoginFixture()
    let provider = FakeIdentityProvider(origin: "https://id.example", clock: fixture.clock)
    provider.behave { $0.claims = claims }
    var settings = LoginFixture.settings(provider)
    change(&settings)
    let endpoint = fixture.endpoint(["corp": settings], network: FakeNetwork(provider))
    let browser = FakeBrowser()
    let response = try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1")
    let session = try await endpoint.sessions.current(of: browser.request("GET", "/"))
    return (response, session?.user, fixture.audit.events.last?.reason)
  }

  @Test(
    arguments: [
      ("acme", "acme", nil), ("", nil, "tenant_missing"), (nil, nil, "tenant_missing"), (7, nil, "tenant_missing"),
      (["acme"], nil, "tenant_missing"), ("a/b", nil, "tenant_invalid"), ("..", nil, "tenant_invalid"),
      ("acme\n", nil, "tenant_invalid"), ("acm\u{e9}", nil, "tenant_invalid"),
    ] as [(JSONValue?, String?, String?)])
  func V_070_theTenantComesFromItsClaimOrNotAtAll(
    _ claim: JSONValue?, _ tenant: String?, _ reason: String?
  ) async throws {
    let result = try await logIn(["org_id": claim]) { $0.tenantClaim = "org_id" }
    #expect(result.user?.tenant.string == tenant)
    if let reason {
      #expect(result.response.status == 403)
      #expect(result.response.messagePage?.advice?.contains("administrator") == true)
      #expect(result.reason == reason)
    }
  }

  @Test func aTenantMapIsExact() async throws {
    let map: [String: TenantID] = ["o-1": "acme", "o-2": "umbrella"]
    for (value, tenant) in [("o-1", "acme"), ("o-2", "umbrella"), ("o-3", nil), ("acme", nil), ("O-1", nil)] {
      let result = try await logIn(["org_id": .string(value)]) {
        $0.tenantClaim = "org_id"
        $0.tenantMap = map
      }
      #expect(result.user?.tenant.string == tenant)
      #expect(tenant != nil || result.reason == "tenant_unknown")
    }
  }

  @Test func withoutATenantClaimThereIsOneTenant() async throws {
    #expect(try await logIn(["org_id": "acme"]) { _ in }.user?.tenant == .default)
  }

  @Test(
    arguments: [
      (["a", "b"], ["a", "b"]), ("a", ["a"]), (nil, []), (7, []), (["a", 7, "", "b\nc", "d"], ["a", "d"]),
      (["a": "b"], []),
    ] as [(JSONValue?, [String])])
  func groupsAreAListOrOne(_ claim: JSONValue?, _ groups: [String]) async throws {
    let result = try await logIn(["groups": claim]) { $0.groupsClaim = "groups" }
    #expect(result.user?.groups == groups)
    #expect(try await logIn(["groups": claim]) { _ in }.user?.groups == [])
  }

  @Test(
    arguments: [
      (["name": "Ada"], "Ada"), (["name": .some(nil), "preferred_username": "ada"], "ada"),
      (["name": .some(nil)], "ada@example.com"), (["name": "\u{202E}", "email": .some(nil)], "sub-1"),
      (["name": "A\u{202E}d\na"], "Ad a"),
      (["name": .some(nil), "email_verified": false], "ada@example.com (unverified)"),
      (["name": .some(nil), "email_verified": "false"], "ada@example.com (unverified)"),
      (["name": .some(nil), "email_verified": .some(nil)], "ada@example.com"),
      (["email_verified": false], "Name of sub-1"),
    ] as [([String: JSONValue?], String)])
  func aNameToShow(_ claims: [String: JSONValue?], _ name: String) async throws {
    #expect(try await logIn(claims) { _ in }.user?.displayName == name)
  }
}
