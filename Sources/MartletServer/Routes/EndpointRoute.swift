import Hummingbird
import MartletDomain

/// Who may use an endpoint. Declared with each route; a route without one can't be written down (invariant 10, V-007).
enum AuthClass: String, Sendable, CaseIterable {
  /// Anybody: metadata, keys, health.
  case anyone
  /// A browser; the endpoint itself asks for login, consent and anti-forgery values.
  case browser
  /// An OAuth client; the endpoint authenticates it as registered.
  case oauthClient = "oauth_client"
  /// A bearer of the admin API, or a user by a token for it; each operation says which.
  case administrator
}

/// One of our own endpoints.
struct EndpointRoute: Sendable {
  /// What an endpoint is given beside the request.
  typealias Handler = @Sendable (EndpointRequest, _ parameter: String) async -> EndpointResponse

  /// The methods that it answers, upper case.
  let methods: [String]
  /// The path; `:name` is one segment, `**` is the rest.
  let path: String
  /// Who may use it.
  let auth: AuthClass
  /// Whether pages of any origin may read its answers (X12); never with cookies.
  let isOpenToPages: Bool
  /// Whether a page of another site may post a form here; only where a form begins something and decides nothing.
  let takesForeignForms: Bool
  let handler: Handler

  init(methods: [String], path: String, auth: AuthClass, handler: @escaping Handler) {
    self.methods = methods
    self.path = path
    self.auth = auth
    isOpenToPages = false
    takesForeignForms = false
    self.handler = handler
  }

  init(
    _ methods: String..., path: String, auth: AuthClass, isOpenToPages: Bool = false, takesForeignForms: Bool = false,
    handler: @escaping Handler
  ) {
    self.methods = methods
    self.path = path
    self.auth = auth
    self.isOpenToPages = isOpenToPages
    self.takesForeignForms = takesForeignForms
    self.handler = handler
  }
}
