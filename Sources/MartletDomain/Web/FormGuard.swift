import Crypto
import StrictCoding

/// Makes and checks the anti-forgery value of a form: a MAC over purpose, transaction and browser. It stays the same
/// for the life of a transaction, so any rendered copy of a page can be submitted (A1, V-023).
public struct FormGuard: Sendable {
  private let keys: [SymmetricKey]

  /// Uses keys, newest first; older ones are still accepted.
  public init(keys: [SymmetricKey]) { self.keys = keys }

  /// The value for a form.
  ///
  /// - Parameters:
  ///   - purpose: The form's action, for example `consent`.
  ///   - transaction: The transaction; empty for none.
  ///   - browser: The browser that the form is shown in.
  public func value(purpose: String, transaction: String, browser: ArtefactDigest) -> String {
    guard let key = keys.first else { return "" }
    return Base64URL.encode(
      Array(HMAC<SHA256>.authenticationCode(for: message(purpose, transaction, browser), using: key)))
  }

  /// Whether a presented value belongs to this form, transaction and browser.
  public func accepts(_ presented: String, purpose: String, transaction: String, browser: ArtefactDigest) -> Bool {
    guard let code = Base64URL.decode(presented) else { return false }
    let message = message(purpose, transaction, browser)
    return keys.contains { HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: $0) }
  }

  private func message(_ purpose: String, _ transaction: String, _ browser: ArtefactDigest) -> [UInt8] {
    Array("\(purpose)\u{0}\(transaction)\u{0}".utf8) + browser.bytes
  }
}
