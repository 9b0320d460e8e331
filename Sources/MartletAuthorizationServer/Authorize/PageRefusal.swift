import MartletDomain

/// A refusal that is shown to the person and goes nowhere else.
///
/// While client or redirect URI are not known to be good this is the only way to refuse: the type has no place for a
/// redirect target (invariant 9, N-04).
struct PageRefusal: Error, Sendable, Equatable {
  /// The HTTP status.
  let status: Int
  /// The heading.
  let title: String
  /// What happened, in words; never request content.
  let message: String
  /// What to do next.
  let advice: String
  /// A stable code for the audit trail.
  let reason: String
  /// After how many seconds trying again makes sense.
  var retryAfterSeconds: Int?

  /// The page, with the request's id for whoever is asked for help.
  func response(to request: EndpointRequest) -> EndpointResponse {
    let page = MessagePage(title: title, message: message, advice: advice, reference: request.id.string)
    let response = EndpointResponse.page(status, Page(.message(page)))
    guard let retryAfterSeconds else { return response }
    return response.adding("retry-after", String(retryAfterSeconds))
  }
}

extension PageRefusal {
  /// The request can't be understood.
  static func malformed(_ message: String, reason: String) -> PageRefusal {
    PageRefusal(
      status: 400, title: "This link doesn’t work", message: message,
      advice: "Go back to your app and connect again. If it keeps happening, tell the makers of the app.",
      reason: reason)
  }

  /// The client is not known (G8: 400 and a page, so that a client's pre-flight sees that its registration is stale).
  static func unknownClient(reason: String) -> PageRefusal {
    PageRefusal(
      status: 400, title: "This app isn’t known here",
      message: "The app that sent you here isn’t registered, or its registration has expired.",
      advice: "Go back to the app, remove its saved login for this server, and connect again.", reason: reason)
  }

  /// The redirect URI isn't one of the client's.
  static func unknownRedirect(reason: String) -> PageRefusal {
    PageRefusal(
      status: 400, title: "This app asked for the wrong return address",
      message: "The address that the answer should go to isn’t registered for this app, so nothing was sent there.",
      advice: "Go back to the app, remove its saved login for this server, and connect again.", reason: reason)
  }

  /// Something that we need doesn't answer just now.
  static func unavailable(reason: String) -> PageRefusal {
    PageRefusal(
      status: 503, title: "Not available just now", message: "Something that is needed to log you in doesn’t answer.",
      advice: "Wait a few seconds and reload this page.", reason: reason, retryAfterSeconds: 5)
  }

  /// The store doesn't answer just now.
  static func unavailable(_ error: StoreError) -> PageRefusal { .unavailable(reason: "store: \(error)") }

  /// The transaction has ended, or never was.
  static let expired = PageRefusal(
    status: 400, title: "This request has expired", message: "Connecting took too long, or was started anew.",
    advice: "Go back to your app and connect again.", reason: "transaction_gone")

  /// The transaction belongs to another browser (V-018b).
  static let foreignBrowser = PageRefusal(
    status: 403, title: "This page belongs to another browser",
    message: "The login that this page belongs to was started in another browser, or cookies are switched off.",
    advice: "Go back to your app and connect again, in this browser.", reason: "foreign_browser")

  /// The form wasn't ours (V-018a).
  static let forged = PageRefusal(
    status: 403, title: "This form can’t be accepted",
    message: "The form wasn’t sent from the page that we showed you.",
    advice: "Go back to your app and connect again.", reason: "csrf")

  /// What was stored isn't what was validated (V-050c).
  static let altered = PageRefusal(
    status: 400, title: "This request can’t be completed", message: "What was stored of it no longer fits together.",
    advice: "Go back to your app and connect again.", reason: "transaction_altered")

  /// The user has no right to any route that was asked for.
  static func noAccess(server: String?) -> PageRefusal {
    PageRefusal(
      status: 403, title: "No access",
      message: server.map { "Your account has no access to “\($0)”." }
        ?? "Your account has no access to any server here.",
      advice: "Ask whoever runs this gateway for access, or log out and use another account.",
      reason: "tenant_not_admitted")
  }

  /// The method isn't one of the endpoint's.
  static func method(allowed: String) -> PageRefusal {
    PageRefusal(
      status: 405, title: "This can’t be done that way", message: "This page accepts \(allowed) only.",
      advice: "Go back to your app and connect again.", reason: "method")
  }
}
