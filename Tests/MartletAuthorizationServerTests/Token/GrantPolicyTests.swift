import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct GrantPolicyTests {
  private static let machine: [(String, String)] = [("grant_type", "client_credentials"), ("client_id", "ci")]

  private static func askAsMachine(_ fixture: TokenFixture, _ extra: [(String, String)] = []) async -> Answer {
    await fixture.post(machine + [("client_secret", "s3cret")] + extra)
  }

  @Test func clientCredentialsGiveATokenForTheClientItself() async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient(
      "ci", .clientSecretPost, origin: .configuration, grants: [.clientCredentials], secret: "s3cret", servers: ["time"]
    )
    let answer = await Self.askAsMachine(fixture)
    #expect(answer.status == 200)
    #expect(answer.json["refresh_token"] == nil)
    let principal = try fixture.verify(answer.accessToken)
    #expect(principal.subject == "ci" && principal.client == "ci" && principal.grant == nil)
    #expect(await Self.askAsMachine(fixture, [("resource", "https://gw.example/mail/mcp")]).error == "invalid_target")
  }

  @Test func clientCredentialsNeedAResourceWhereSeveralFit() async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient(
      "ci", .clientSecretPost, origin: .configuration, grants: [.clientCredentials], secret: "s3cret")
    #expect(await Self.askAsMachine(fixture).error == "invalid_target")
    let named = await Self.askAsMachine(fixture, [("resource", "https://gw.example/mail/mcp/")])
    #expect(named.status == 200)
    #expect(try fixture.verify(named.accessToken, for: TokenFixture.mail).client == "ci")
  }

  /// Anyone may register or publish a client; acting without a user is the operator's to give.
  @Test(arguments: ClientOrigin.allCases) func V_060_strangersNeverActWithoutAUser(_ origin: ClientOrigin) async throws
  {
    let fixture = try await TokenFixture()
    try await fixture.addClient(
      "ci", .clientSecretPost, origin: origin, grants: [.clientCredentials], secret: "s3cret", servers: ["time"])
    let answer = await Self.askAsMachine(fixture)
    let isOperators = [.configuration, .administrator].contains(origin)
    #expect(answer.status == (isOperators ? 200 : 400))
    if !isOperators { #expect(answer.error == "unauthorized_client") }
  }

  @Test func V_060_aPublicClientNeverActsWithoutAUser() async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient("ci", origin: .configuration, grants: [.clientCredentials], servers: ["time"])
    #expect(await fixture.post(Self.machine).error == "unauthorized_client")
  }

  enum Obstacle: CaseIterable {
    case none, grantNotRegistered, routeGone, tenantNotAdmitted, serverNotAllowed, unknownResource
  }

  /// Every grant against every policy: no grant has a second entrance.
  @Test(arguments: [GrantType.authorizationCode, .refreshToken, .clientCredentials], Obstacle.allCases)
  func V_060_grantTimesPolicy(_ grant: GrantType, _ obstacle: Obstacle) async throws {
    let fixture = try await TokenFixture()
    let all: Set<GrantType> = [.authorizationCode, .refreshToken, .clientCredentials]
    func add(_ grants: Set<GrantType>, _ servers: Set<ServerName>) async throws {
      try await fixture.addClient(
        "ci", .clientSecretPost, origin: .configuration, grants: grants, secret: "s3cret", servers: servers)
    }
    try await add(all, ["time"])
    let secret = [("client_secret", "s3cret")]
    let code = try await fixture.code(for: "ci")
    let token = await fixture.redeem(try await fixture.code(for: "ci"), client: "ci", extra: secret).refreshToken
    var extra = secret
    switch obstacle {
    case .none: break
    case .grantNotRegistered:
      try await add(grant == .refreshToken ? [.clientCredentials] : all.subtracting([grant]), ["time"])
    case .routeGone: fixture.settings.change { $0.routes = RouteDirectory(origin: $0.routes.origin, routes: []) }
    case .tenantNotAdmitted:
      fixture.settings.change { settings in
        settings.routes = RouteDirectory(
          origin: settings.routes.origin,
          routes: settings.routes.routes.map { ProtectedRoute(id: $0.id, displayName: "x", tenants: ["acme"]) })
      }
    case .serverNotAllowed: try await add(all, ["mail-two"])
    case .unknownResource: extra.append(("resource", "https://gw.example/unknown/mcp"))
    }
    let answer =
      switch grant {
      case .authorizationCode: await fixture.redeem(code, client: "ci", extra: extra)
      case .refreshToken: await fixture.refresh(token, client: "ci", extra: extra)
      default: await fixture.post(Self.machine + extra)
      }
    #expect((answer.status == 200) == (obstacle == .none), "\(grant) \(obstacle): \(answer.json)")
    #expect(answer.status == 200 || answer.status == 400)
    if obstacle == .grantNotRegistered { #expect(answer.error == "unauthorized_client") }
    if obstacle == .unknownResource { #expect(answer.error == "invalid_target") }
  }

  @Test(arguments: [
    "password", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange", "", "AUTHORIZATION_CODE", "x",
  ])
  func V_060_grantsThatAreNotOfferedAreDeadForEveryone(_ name: String) async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient("app", grants: Set(GrantType.allCases))
    let answer = await fixture.post([
      ("grant_type", name), ("client_id", "app"), ("username", "ann"), ("password", "x"),
    ])
    #expect(answer.status == 400)
    #expect(answer.error == (name.isEmpty ? "invalid_request" : "unsupported_grant_type"))
  }
}
