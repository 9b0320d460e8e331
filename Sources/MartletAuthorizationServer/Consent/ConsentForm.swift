import MartletDomain
import StrictCoding

/// The submitted consent form, decoded; it came from our page in this browser.
struct ConsentForm: Sendable {
  /// What the user decided.
  enum Decision: String, Sendable {
    /// Agreed.
    case allow
    /// Refused.
    case deny
  }

  /// The purpose that the form's anti-forgery value is made for.
  static let purpose = "consent"

  /// The transaction.
  let transaction: TransactionID
  /// The decision.
  let decision: Decision
  /// The chosen resource.
  let resource: String?

  /// Decodes and authenticates a form.
  ///
  /// - Throws: `PageRefusal`, `.forged` unless the anti-forgery value belongs to this transaction and browser.
  init(
    reading request: EndpointRequest, guardedBy formGuard: FormGuard, in browsers: [ArtefactDigest]
  ) throws(PageRefusal) {
    guard MediaType.isForm(request.header("content-type")),
      let form = try? FormParameters(parsing: request.body)
    else { throw .malformed("The form can’t be read.", reason: "form") }
    guard let transaction = Self.single("transaction", in: form), let csrf = Self.single("csrf", in: form),
      browsers.contains(where: {
        formGuard.accepts(csrf, purpose: Self.purpose, transaction: transaction, browser: $0)
      })
    else { throw .forged }
    guard let decision = Self.single("decision", in: form).flatMap({ Decision(rawValue: $0) }) else {
      throw .malformed("The form says neither yes nor no.", reason: "decision")
    }
    self.transaction = TransactionID(transaction)
    self.decision = decision
    resource = Self.single("resource", in: form)
  }

  private static func single(_ name: String, in form: FormParameters) -> String? {
    let values = form.values(name)
    guard values.count == 1, let value = values.first, !value.isEmpty else { return nil }
    return value
  }
}
