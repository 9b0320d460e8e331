import MartletDomain
import StrictCoding

/// The parameters of an authorization request, decoded and not yet believed.
///
/// Conforms to: RFC 6749 §3.1 (empty counts as absent, unknown ones are ignored), §4.1.1.
struct AuthorizationParameters: Sendable {
  /// The parameters that may come once.
  static let known = [
    "client_id", "redirect_uri", "state", "response_type", "response_mode", "code_challenge", "code_challenge_method",
    "scope", "prompt", "request", "request_uri", "nonce",
  ]

  private static let limits = FormLimits(parameters: 64, nameBytes: 128, valueBytes: 8192, totalBytes: 32_768)
  private let form: FormParameters

  /// Decodes the query of a GET or the form of a POST.
  ///
  /// - Throws: `PageRefusal`: nothing in an undecodable request can be trusted as a target.
  init(reading request: EndpointRequest) throws(PageRefusal) {
    let bytes: [UInt8]
    switch request.method {
    case "GET", "HEAD": bytes = request.query
    case "POST":
      guard MediaType.isForm(request.header("content-type")) else {
        throw .malformed("The app sent a form in an unknown format.", reason: "content_type")
      }
      bytes = request.body
    default: throw .method(allowed: "GET and POST")
    }
    do {
      form = try FormParameters(parsing: bytes, limits: Self.limits)
    } catch {
      throw .malformed("The app’s request can’t be read.", reason: "form: \(error)")
    }
  }

  /// The value of a parameter that came once and isn't empty.
  func value(_ name: String) -> String? {
    let values = form.values(name)
    guard values.count == 1, let value = values.first, !value.isEmpty else { return nil }
    return value
  }

  /// Every value of a parameter that isn't empty.
  func values(_ name: String) -> [String] { form.values(name).filter { !$0.isEmpty } }

  /// Whether a parameter came more than once.
  func isRepeated(_ name: String) -> Bool { form.values(name).count > 1 }

  /// The same request as the query of a GET.
  var query: String { FormParameters.encode(form.parameters.map { ($0.name, $0.value) }) }
}
