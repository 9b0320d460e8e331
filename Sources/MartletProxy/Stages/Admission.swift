import MartletDomain
import MartletPolicy

/// A request that policy allowed.
struct AdmittedRequest: Sendable {
  let classified: ClassifiedRequest
  let session: BoundSession?
  let permit: Permit

  /// What stands behind the route.
  var server: UpstreamServer { classified.authenticated.routed.route.server }

  /// The account that the server is called with; `nil` where the vault has no part in it.
  var account: ConnectionKey? {
    let route = classified.authenticated.routed.route
    return route.credential.account(of: classified.authenticated.principal, at: route.resource.id)
  }

  /// The same request in a session that lives elsewhere now.
  func moved(to session: MCPSession) -> AdmittedRequest {
    AdmittedRequest(classified: classified, session: BoundSession(session: session), permit: permit)
  }

  /// The same request under the configuration of this instant; `nil` where the route is gone.
  func under(_ settings: GatewaySettings) -> AdmittedRequest? {
    let authenticated = classified.authenticated
    guard let route = settings.route(authenticated.routed.route.resource.id) else { return nil }
    let routed = RoutedRequest(incoming: authenticated.routed.incoming, route: route, settings: settings)
    let renewed = ClassifiedRequest(
      authenticated: AuthenticatedRequest(routed: routed, principal: authenticated.principal),
      message: classified.message, bytes: classified.bytes, classification: classified.classification,
      mirrored: classified.mirrored)
    return AdmittedRequest(classified: renewed, session: session, permit: permit)
  }
}

/// Asks policy, and makes sure that the trail can take what follows.
struct Admission: Sendable {
  let policy: any PolicyEngine
  let recorder: ExchangeRecorder

  func admit(_ request: ClassifiedRequest, in session: BoundSession?) throws(Rejection) -> AdmittedRequest {
    guard recorder.hasRoom else { throw .temporarilyUnavailable(reason: "audit_queue_full") }
    let question = PolicyQuestion(
      principal: request.authenticated.principal, route: request.authenticated.routed.route.resource,
      messages: request.message.map { [$0] } ?? [])
    do throws(PolicyDenial) {
      return AdmittedRequest(classified: request, session: session, permit: try policy.decide(question))
    } catch {
      throw .denied(reason: error.reason, id: request.id)
    }
  }
}
