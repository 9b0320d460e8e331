import MartletDomain
import OAuthProtocol
import StrictCoding

/// How a client presents itself: by exactly one method (RFC 6749 §2.3).
enum PresentedCredentials: Sendable {
  /// Its name only.
  case none(ClientID)
  /// Name and secret by HTTP Basic, in both readings that clients mean (protocol.md §7.9).
  case basic([BasicCredentials.Reading], named: ClientID?)
  /// Name and secret in the body.
  case post(ClientID, Secret)
  /// A signed assertion; the name may be left to it.
  case assertion(String, named: ClientID)

  private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

  init(_ form: EndpointForm) throws(OAuthError) {
    let name = form["client_id"].map { ClientID($0) }
    let assertion = form["client_assertion"]
    switch (form.authorization, form["client_secret"], assertion) {
    case (.basic(let basic), nil, nil):
      self = .basic(basic.readings, named: name)
    case (.none, let secret?, nil):
      guard let name else { throw Self.unnamed }
      self = .post(name, Secret(secret))
    case (.none, nil, let assertion?):
      self = try Self.assertion(assertion, type: form["client_assertion_type"], name: name)
    case (.none, nil, nil):
      guard let name else { throw Self.unnamed }
      self = .none(name)
    default:
      throw OAuthError(.invalidRequest, "a client authenticates by one method at a time")
    }
  }

  private static func assertion(
    _ text: String, type: String?, name: ClientID?
  ) throws(OAuthError) -> PresentedCredentials {
    guard let type, type.equalsBytewise(assertionType) else {
      throw OAuthError(.invalidRequest, "client_assertion_type must be \(assertionType)")
    }
    let token: JSONWebSignature
    do {
      token = try JSONWebSignature(compact: text)
    } catch {
      throw OAuthError(.invalidClient, "client authentication failed", reason: "assertion: \(error)")
    }
    guard let subject = token.claims.subject, !subject.isEmpty else {
      throw OAuthError(.invalidClient, "client authentication failed", reason: "assertion without sub")
    }
    guard name == nil || name == ClientID(subject) else {
      throw OAuthError(.invalidClient, "client authentication failed", reason: "client_id differs from sub")
    }
    return .assertion(text, named: ClientID(subject))
  }

  private static var unnamed: OAuthError { OAuthError(.invalidClient, "client_id is missing") }
}
