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
    return try parse(Array(value.utf8.prefix(maximumBytes + 1))[...])
  }

  /// Reads the value of the only such field of a request.
  ///
  /// - Throws: As ``parse(_:)-([String])``.
  public static func parse(_ bytes: ArraySlice<UInt8>) throws(AuthorizationHeaderError) -> AuthorizationHeader {
    if let token = bearerText(bytes), isBearerToken(token) { return .bearer(ByteString(Array(token))) }
    guard bytes.count <= maximumBytes else { throw .tooLong }
    let scheme = bytes.prefix { ASCII.isTokenCharacter($0) }
    let spaces = bytes[scheme.endIndex...].prefix { $0 == UInt8(ascii: " ") }
    let credentials = bytes[spaces.endIndex...]
    switch ByteString(ASCIICase.lowercased(scheme)) {
    case "bearer": throw .malformed
    case "basic":
      guard !spaces.isEmpty, let basic = BasicCredentials(encoded: credentials) else { throw .malformed }
      return .basic(basic)
    case "": throw .malformed
    default: throw .unsupportedScheme
    }
  }

  /// The longest value: 16 KiB.
  private static let maximumBytes = 16_384

  private static let bearer: StaticString = "bearer "

  /// What stands behind `Bearer` and blanks, whatever it is: for whoever knows good tokens by their bytes, and asks
  /// ``isBearerToken(_:)`` about all others.
  ///
  /// - Returns: `nil` for another scheme, and for what is longer than any token may be.
  public static func bearerText(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard value.count <= maximumBytes, value.count >= bearer.utf8CodeUnitCount else { return nil }
    let isBearer = bearer.withUTF8Buffer { wanted in
      value.withUnsafeBufferPointer { found in
        for index in wanted.indices where ASCIICase.lowercased(found[index]) != wanted[index] { return false }
        return true
      }
    }
    guard isBearer else { return nil }
    var token = value.dropFirst(bearer.utf8CodeUnitCount)
    while token.first == UInt8(ascii: " ") { token.removeFirst() }
    return token
  }

  /// Whether bytes have the form of a bearer token (RFC 6750 §2.1, `b64token`).
  public static func isBearerToken(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      var end = bytes.count
      while end > 0, bytes[end - 1] == UInt8(ascii: "=") { end -= 1 }
      // Every byte is looked at, whatever came before: a token has hundreds, and a loop without a way out is quicker.
      var valid: UInt64 = 1
      for index in 0..<end { valid &= ASCII.token68Bit(bytes[index]) }
      return end > 0 && valid == 1
    }
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
