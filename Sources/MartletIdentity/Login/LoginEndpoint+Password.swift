import MartletDomain
import StrictCoding

extension LoginEndpoint {
  /// `POST /login`: fields `username`, `password`, `transaction`, `csrf`.
  ///
  /// An unknown user, a wrong password and a disabled user get the same answer at the same cost (V-068, N-16).
  public func submit(_ request: EndpointRequest) async -> EndpointResponse {
    await answer(request) { visit throws(StoreError) in
      guard settings.acceptsPasswords else { return .page(404, Page(.message(LoginPages.notFound(request.id)))) }
      guard let form = LoginForm(request) else { return .page(400, Page(.message(LoginPages.malformed(request.id)))) }
      let (destination, refusal) = try await self.destination(of: form, for: visit)
      guard let destination else { return refusal }
      let outcome = try await collaborators.passwords.check(
        name: form.username, password: form.password, address: request.address,
        browser: visit.newBrowser == nil ? visit.browser : nil)
      switch outcome {
      case .right(let user, let admitted):
        return try await open(for: user, admitted, visit, destination)
      case .wrong(let reason, let user):
        record(.loginFailed, visit, destination, user: user, status: 403, reason: reason)
        return await page(403, visit, destination, problem: LoginPages.wrongPassword)
      case .wait(let seconds):
        record(.loginFailed, visit, destination, status: 429, reason: "throttled")
        return await page(429, visit, destination, problem: LoginPages.tooManyAttempts(seconds: seconds))
          .adding("retry-after", String(seconds))
      case .busy:
        record(.loginFailed, visit, destination, status: 503, reason: "busy")
        return await page(503, visit, destination, problem: LoginPages.busy).adding("retry-after", "5")
      }
    }
  }

  private func open(
    for user: User, _ admitted: LoginThrottle.Admitted, _ visit: LoginVisit, _ destination: LoginDestination
  ) async throws(StoreError) -> EndpointResponse {
    do throws(StoreError) {
      let response = try await open(
        for: user, visit, destination, lifetime: settings.sessionLifetime, by: "password")
      collaborators.passwords.succeeded(admitted, in: visit.browser)
      return response
    } catch {
      collaborators.passwords.withdrawn(admitted)
      throw error
    }
  }

  /// Where a submitted form leads, once it was shown to belong to this browser and to a transaction that waits.
  func destination(
    of form: LoginForm, for visit: LoginVisit
  ) async throws(StoreError) -> (LoginDestination?, refusal: EndpointResponse) {
    let isOurs = sessions.cookies.browsers(of: visit.request).contains { browser in
      collaborators.forms.accepts(
        form.csrf, purpose: LoginDestination.formPurpose, transaction: form.transaction ?? "", browser: browser)
    }
    guard visit.newBrowser == nil, isOurs else {
      record(.loginFailed, visit, nil, status: 403, reason: "csrf")
      return (nil, .page(403, Page(.message(LoginPages.staleForm(visit.request.id)))))
    }
    guard let destination = try await destination(form.transaction, for: visit) else {
      record(.loginFailed, visit, nil, status: 403, reason: "transaction_unknown")
      return (nil, .page(403, Page(.message(LoginPages.unknownTransaction(visit.request.id)))))
    }
    return (destination, EndpointResponse(status: 403))
  }

  /// Logs a user in: a new session id, whatever there was before (V-054), and on to where the login leads.
  func open(
    for user: User, _ visit: LoginVisit, _ destination: LoginDestination, lifetime: Duration, by means: String
  ) async throws(StoreError) -> EndpointResponse {
    let cookie = try await sessions.begin(
      for: user, in: visit.browser, replacing: visit.request, lifetime: lifetime)
    record(.loginSucceeded, visit, destination, user: user, status: 303, reason: means)
    return .seeOther(destination.path).adding("set-cookie", cookie)
  }

  /// Writes to the trail. A name that no user has is never written: it may be a password in the wrong field.
  func record(
    _ action: AuditAction, _ visit: LoginVisit, _ destination: LoginDestination?, user: User? = nil, status: Int,
    reason: String
  ) {
    collaborators.audit.record(
      AuditEvent(
        at: collaborators.clock.now(), action: action, tenant: user?.tenant ?? .default,
        flow: destination?.awaited?.flow, request: visit.request.id, subject: user?.id.string,
        client: destination?.awaited?.client, status: status, reason: reason, address: visit.request.address))
  }
}
