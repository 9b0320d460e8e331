import StrictCoding

/// The credentials of a request. They are secrets and print as `‹redacted›`.
///
/// Conforms to: RFC 9110 §11.6.2; RFC 6750 §2.1; RFC 7617; RFC 6749 §2.3.1.
public enum AuthorizationHeader: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// No such field.
  case none
  /// A bearer token, as bytes.
  case bearer(ByteString)
  /// A user (client) and a password (client secret).
  case basic(BasicCredentials)

  /// Reads the field.
  ///
  /// - Parameter values: The values of all `Authorization` fields of the request.
  /// - Throws: `AuthorizationHeaderError`; nothing malformed ever turns into `.none`.
  public static func parse(_ values: [String]) throws(AuthorizationHeaderError) -> AuthorizationHeader {
    guard let value = values.first else { return .none }
    guard values.count == 1 else { throw .repeated }
    let bytes = Array(value.utf8.prefix(16_385))
    guard bytes.count <= 16_384 else { throw .tooLong }
    let scheme = bytes.prefix { ASCII.isTokenCharacter($0) }
    let spaces = bytes[scheme.endIndex...].prefix { $0 == UInt8(ascii: " ") }
    let credentials = bytes[spaces.endIndex...]
    switch ByteString(ASCIICase.lowercased(scheme)) {
    case "bearer":
      guard !spaces.isEmpty, isToken68(credentials) else { throw .malformed }
      return .bearer(ByteString(Array(credentials)))
    case "basic":
      guard !spaces.isEmpty, let basic = BasicCredentials(encoded: credentials) else { throw .malformed }
      return .basic(basic)
    case "": throw .malformed
    default: throw .unsupportedScheme
    }
  }

  private static func isToken68(_ bytes: ArraySlice<UInt8>) -> Bool {
    let body = bytes.prefix { ASCII.isToken68Character($0) }
    return !body.isEmpty && bytes[body.endIndex...].allSatisfy { $0 == UInt8(ascii: "=") }
  }

  /// The kind of credentials, never the credentials.
  public var description: String {
    switch self {
    case .none: "none"
    case .bearer: "bearer ‹redacted›"
    case .basic: "basic ‹redacted›"
    }
  }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
