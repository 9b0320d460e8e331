import StrictCoding

/// What goes back to the client through the browser.
///
/// Conforms to: RFC 6749 §4.1.2, §4.1.2.1; RFC 9207 §2 (`iss` in success and error).
public enum AuthorizationResponse: Sendable, Equatable {
  /// The user agreed.
  case success(code: String, state: String?, issuer: String?)
  /// The user or the server said no.
  case failure(OAuthError, state: String?, issuer: String?)

  /// The parameters in the order in which they are sent.
  public var parameters: [(String, String)] {
    var parameters: [(String, String)]
    let tail: (state: String?, issuer: String?)
    switch self {
    case .success(let code, let state, let issuer):
      parameters = [("code", code)]
      tail = (state, issuer)
    case .failure(let error, let state, let issuer):
      parameters = error.parameters
      tail = (state, issuer)
    }
    if let state = tail.state { parameters.append(("state", state)) }
    if let issuer = tail.issuer { parameters.append(("iss", issuer)) }
    return parameters
  }

  /// The `Location` to send the browser to.
  ///
  /// - Parameter redirectURI: What `RedirectURI.accepting(_:)` returned for this request.
  public func url(redirectingTo redirectURI: RedirectURI) -> String { redirectURI.appending(parameters: parameters) }

  /// Reads the response of another server at our own callback.
  ///
  /// Nothing is trusted yet: the caller compares `state`, then `iss`, before it acts on (or shows) anything.
  ///
  /// - Throws: `OAuthError` with `invalid_request` if a parameter is repeated, or code and error are both there or
  ///   both missing.
  public init(parsing form: FormParameters) throws(OAuthError) {
    let code = try Self.single("code", in: form)
    let error = try Self.single("error", in: form)
    let state = try Self.single("state", in: form)
    let issuer = try Self.single("iss", in: form)
    switch (code, error) {
    case (let code?, nil) where !code.isEmpty:
      self = .success(code: code, state: state, issuer: issuer)
    case (nil, let error?):
      let description = try Self.single("error_description", in: form) ?? ""
      let known = OAuthErrorCode(rawValue: error) ?? .serverError
      self = .failure(OAuthError(known, description, reason: "error=\(error)"), state: state, issuer: issuer)
    default:
      throw OAuthError(.invalidRequest, "the callback needs either code or error")
    }
  }

  private static func single(_ name: String, in form: FormParameters) throws(OAuthError) -> String? {
    let values = form.values(name)
    guard values.count <= 1 else { throw OAuthError(.invalidRequest, "\(name) is repeated") }
    return values.first
  }
}
