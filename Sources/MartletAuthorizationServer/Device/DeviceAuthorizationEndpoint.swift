import Crypto
import MartletDomain
import OAuthProtocol
import StrictCoding

/// `/device_authorization`: where a program without a browser begins.
///
/// Only clients that an operator gave the grant can begin: a stranger who registers any name at all could otherwise
/// send people a link of ours (RFC 8628 §5.4).
///
/// Conforms to: RFC 8628 §3.1, §3.2; RFC 8707 §2.
public struct DeviceAuthorizationEndpoint: Sendable {
  /// How many wait for their user at most.
  static let capacity = 1000
  private static let attempts = 4

  let settings: @Sendable () -> AuthorizationServerSettings
  let authenticator: ClientAuthenticator
  let policy: GrantPolicy
  let store: any DeviceAuthorizationStore
  let codeKey: SymmetricKey
  let flows: any FlowCorrelation
  let audit: any AuditSink
  let clock: any WallClock
  let random: any RandomSource

  /// Answers a request.
  ///
  /// - Parameter request: A POST with the client's authentication, and `scope` and `resource` where it likes.
  /// - Returns: 200 with both codes, or an error of RFC 6749 §5.2; never cacheable.
  public func begin(_ request: EndpointRequest) async -> EndpointResponse {
    guard request.method == "POST" else { return OAuthError.methodNotAllowed() }
    let settings = settings()
    guard settings.deviceGrant.isEnabled else { return .json(404, JSONWriter.write(["error": "not_found"])) }
    var event = AuditEvent(at: clock.now(), action: .deviceRefused, request: request.id, address: request.address)
    let response: EndpointResponse
    do throws(OAuthError) {
      response = .json(200, try await begin(request, settings, &event))
    } catch {
      response = error.response(to: request)
      event.reason = error.auditReason
    }
    event.status = response.status
    audit.record(event)
    return response
  }

  private func begin(
    _ request: EndpointRequest, _ settings: AuthorizationServerSettings, _ event: inout AuditEvent
  ) async throws(OAuthError) -> [UInt8] {
    let form = try EndpointForm(request)
    let client = try await authenticator.authenticate(form, at: event.at)
    event.client = client.id
    try policy.admit(client, to: .deviceCode)
    let route = try route(form, client, settings.routes)
    event.route = route?.path
    let flow = flows.attempt(address: request.address, client: client.id, route: route)
    event.flow = flow
    let scope = ScopeSet([ScopeCheck.resourceScope]).union(
      ScopeCheck.offered.intersection(ScopeSet(tolerant: form["scope"])))
    let secret = ArtefactKind.deviceCode.mint(random)
    for _ in 0..<Self.attempts {
      let code = UserCode(drawnBy: random)
      let device = DeviceAuthorization(
        digest: ArtefactKind.deviceCode.digest(secret), userCode: code.digest(under: codeKey), client: client.id,
        route: route, scope: scope, flow: flow, address: request.address, network: NetworkPrefix(of: request),
        createdAt: event.at, expiresAt: event.at + settings.deviceGrant.lifetime,
        interval: settings.deviceGrant.interval)
      guard try await keep(device) else { continue }
      event.action = .deviceRequested
      return Self.answer(secret, code, settings)
    }
    throw OAuthError.unavailable("no free user code")
  }

  private func keep(_ device: DeviceAuthorization) async throws(OAuthError) -> Bool {
    do {
      return try await store.beginDeviceAuthorization(device, capacity: Self.capacity)
    } catch {
      throw OAuthError.unavailable(error)
    }
  }

  /// One route at most; without one, the only one that the client may have, or the user chooses.
  private func route(
    _ form: EndpointForm, _ client: RegisteredClient, _ routes: RouteDirectory
  ) throws(OAuthError) -> RouteID? {
    let permission = RoutePermission(client: client, routes: routes)
    guard let named = try policy.requestedRoute(form, in: routes) else {
      let permitted = permission.routes
      guard let only = permitted.first else {
        throw OAuthError(.invalidTarget, "this client may not use any resource here")
      }
      return permitted.count == 1 ? only.id : nil
    }
    guard let route = routes.route(named), permission.covers(route) else {
      throw OAuthError(.invalidTarget, "this client may not use that resource")
    }
    return named
  }

  private static func answer(_ secret: Secret, _ code: UserCode, _ settings: AuthorizationServerSettings) -> [UInt8] {
    let page = settings.issuer + "/device"
    return JSONWriter.write([
      "device_code": .string(ByteString(secret.expose()).string), "user_code": .string(code.text),
      "verification_uri": .string(page), "verification_uri_complete": .string(page + "?user_code=" + code.text),
      "expires_in": .integer(settings.deviceGrant.lifetime.wholeSeconds),
      "interval": .integer(settings.deviceGrant.interval.wholeSeconds),
    ])
  }
}
