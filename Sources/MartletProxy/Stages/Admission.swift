import MartletPolicy

/// A request that policy allowed.
struct AdmittedRequest: Sendable {
  let classified: ClassifiedRequest
  let session: BoundSession?
  let permit: Permit
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
