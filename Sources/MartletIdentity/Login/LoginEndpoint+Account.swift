import MartletDomain
import StrictCoding

extension LoginEndpoint {
  private static let logoutPurpose = "logout"

  /// `GET /account`: who is logged in, with a button to log out.
  public func account(_ request: EndpointRequest) async -> EndpointResponse {
    await answer(request) { visit throws(StoreError) in
      guard let (session, user) = try await sessions.current(of: request) else { return .seeOther("/login") }
      let csrf = collaborators.forms.value(purpose: Self.logoutPurpose, transaction: "", browser: visit.browser)
      let content = AccountPage(
        userName: user.displayName, tenant: user.tenant == .default ? nil : user.tenant.string, csrf: csrf,
        connections: try await collaborators.accounts.accounts(of: user, in: session.browser),
        delegations: try await collaborators.accounts.delegations(of: user, in: session.browser))
      return .page(200, Page(.account(content)))
    }
  }

  /// `POST /logout`: ends the session and clears its cookie; field `csrf`. `GET /logout` is `GET /account`: it shows the
  /// button and changes nothing (V-054).
  ///
  /// The browser keeps its name, which proves nothing about who sits before it: what other tabs have begun goes on, with
  /// a new login.
  public func logout(_ request: EndpointRequest) async -> EndpointResponse {
    guard request.method == "POST" else { return await account(request) }
    return await answer(request) { visit throws(StoreError) in
      guard let form = LoginForm(request) else { return .page(400, Page(.message(LoginPages.malformed(request.id)))) }
      let isOurs = collaborators.forms.accepts(
        form.csrf, purpose: Self.logoutPurpose, transaction: "", browser: visit.browser)
      guard visit.newBrowser == nil, isOurs else {
        return .page(403, Page(.message(LoginPages.staleForm(request.id))))
      }
      let ended = try await sessions.current(of: request)
      if let digest = sessions.sessionDigest(of: request) { try await collaborators.store.endLoginSession(digest) }
      if let (_, user) = ended { record(.loginEnded, visit, nil, user: user, status: 303, reason: "logout") }
      return .seeOther("/login").adding("set-cookie", sessions.cookies.clear(.session))
    }
  }
}
