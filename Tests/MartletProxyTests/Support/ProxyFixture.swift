@_spi(Verification) import MartletDomain
import MartletTestSupport
import NIOCore
import OAuthProtocol
import StrictCoding

@testable import MartletProxy

/// What tests of the data plane start from: two routes of one installation, and somebody who may use the first.
struct ProxyFixture {
  static let time = RouteID(server: "time")
  static let notes = RouteID(server: "notes")

  let settings: GatewaySettings

  /// - Parameter credential: What the first route's server is called with.
  init(allowedOrigins: [String] = [], credential: ServerCredential = .none) throws {
    guard let origin = HTTPOrigin("https://gw.example") else { throw FixtureError() }
    let routes = try [Self.time, Self.notes].map { id in
      UpstreamRoute(
        resource: ProtectedRoute(id: id, displayName: id.server.string, tenants: nil),
        instances: [UpstreamAddress(url: try AbsoluteURL(parsing: "http://127.0.0.1:9001/mcp"))], pinnedRevision: nil,
        credential: id == Self.time ? credential : .none)
    }
    settings = GatewaySettings(
      origin: origin, allowedOrigins: Set(allowedOrigins.compactMap { HTTPOrigin($0) }),
      assertionHeader: "martlet-assertion", routes: routes)
  }

  func incoming(
    _ method: String = "POST", _ path: String = "/time/mcp", query: String = "",
    _ headers: [(name: String, value: String)] = []
  ) -> IncomingRequest {
    IncomingRequest(
      method: method, path: path, query: query, headers: HeaderFields(lowercased: headers), address: "192.0.2.1",
      id: "req_1", arrivedAt: .now())
  }

  func routed(_ request: IncomingRequest) throws -> RoutedRequest {
    let router = RequestRouter(settings: settings)
    return try router.route(request, to: settings.route(path: request.path), from: router.origin(of: request))
  }

  static func principal(
    subject: ByteString = "ada", client: ClientID = "app", tenant: TenantID = .default, route: RouteID = time,
    issuer: ByteString = "https://gw.example", expiresAt: Timestamp = Timestamp(seconds: 1_800_003_600)
  ) -> Principal {
    Principal(
      tenant: tenant, issuer: issuer, subject: subject, client: client, route: route,
      scope: ScopeSet(tolerant: "mcp"), grant: "grant-1", flow: nil, credentialID: "jti-1",
      issuedAt: Timestamp(seconds: 1_800_000_000), expiresAt: expiresAt)
  }
}

struct FixtureError: Error {}

/// Accepts the tokens that it was given, each at one route, and counts how often it was asked.
final class ListedTokens: BearerVerifier {
  private let principals: [ByteString: Principal]
  private let asked = AskCounter()

  init(_ principals: [ByteString: Principal]) { self.principals = principals }

  var count: Int { asked.value }

  func verify(_ token: ByteString, for route: RouteID, at now: Timestamp) throws(BearerRejection) -> Principal {
    asked.increment()
    guard let principal = principals[token] else { throw BearerRejection(code: "unknown") }
    guard principal.route == route else { throw BearerRejection(code: "wrong_audience") }
    guard principal.expiresAt > now else { throw BearerRejection(code: "expired") }
    return principal
  }
}
