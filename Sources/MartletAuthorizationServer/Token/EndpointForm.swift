import MartletDomain
import OAuthProtocol
import StrictCoding

/// A form that a client posted to one of our endpoints, read once. Nothing in it is trusted yet.
///
/// Conforms to: RFC 6749 §3.2 (POST, no repeated parameters, an empty value is an absent one), §2.3.1 (no secrets in
/// the query).
struct EndpointForm: Sendable {
  /// What stood in the `Authorization` field.
  let authorization: AuthorizationHeader
  private let parameters: FormParameters

  init(_ request: EndpointRequest) throws(OAuthError) {
    guard request.query.isEmpty else {
      throw OAuthError(.invalidRequest, "parameters belong in the body, never in the query")
    }
    // Tolerant of parameters such as `charset`; anything else is the client's mistake, not ours (V-050i).
    guard MediaType.isForm(request.header("content-type")) else {
      throw OAuthError(.invalidRequest, "Content-Type must be application/x-www-form-urlencoded")
    }
    do {
      parameters = try FormParameters(parsing: request.body)
    } catch {
      throw OAuthError(.invalidRequest, "the body is not a well-formed form", reason: "\(error)")
    }
    // RFC 8707 §2 allows several resources; every other parameter stands once.
    for name in parameters.names where !name.equalsBytewise("resource") && parameters.values(name).count > 1 {
      throw OAuthError(.invalidRequest, "a parameter is repeated")
    }
    authorization = try Self.authorization(request)
  }

  /// The value of a parameter; empty counts as absent.
  subscript(_ name: String) -> String? { parameters.values(name).first { !$0.isEmpty } }

  /// All values of a parameter, without empty ones.
  func values(_ name: String) -> [String] { parameters.values(name).filter { !$0.isEmpty } }

  /// The value of a parameter that must be there.
  func required(_ name: String) throws(OAuthError) -> String {
    guard let value = self[name] else { throw OAuthError(.invalidRequest, "\(name) is missing") }
    return value
  }

  private static func authorization(_ request: EndpointRequest) throws(OAuthError) -> AuthorizationHeader {
    do {
      let header = try AuthorizationHeader.parse(request.values("authorization"))
      if case .bearer = header { throw AuthorizationHeaderError.unsupportedScheme }
      return header
    } catch let error as AuthorizationHeaderError {
      switch error {
      case .repeated, .tooLong: throw OAuthError(.invalidRequest, "the Authorization field is repeated or too long")
      case .unsupportedScheme: throw OAuthError(.invalidRequest, "clients authenticate by HTTP Basic or in the body")
      case .malformed: throw OAuthError(.invalidClient, "the Basic credentials are malformed")
      }
    } catch {
      throw OAuthError(.invalidRequest, "the Authorization field is malformed")
    }
  }
}
