import StrictCoding

/// The payload of a token. Reading it proves nothing: verify the signature first.
///
/// Conforms to: RFC 7519 §4.1.
public struct JWTClaims: Sendable, Equatable {
  /// Every claim, in order.
  public let object: JSONObject

  /// Wraps claims.
  public init(_ object: JSONObject) { self.object = object }

  /// Any claim.
  public subscript(_ name: String) -> JSONValue? { object[name] }

  /// A text claim; nil if it is absent or not text.
  public func string(_ name: String) -> String? { object[name]?.stringValue }

  /// `iss`.
  public var issuer: String? { string("iss") }

  /// `sub`.
  public var subject: String? { string("sub") }

  /// `jti`.
  public var tokenID: String? { string("jti") }

  /// `aud`, one or several; empty if it is absent or has any entry that is not text, so that it matches nothing.
  public var audience: [String] {
    switch object["aud"] {
    case .string(let one)?: return [one]
    case .array(let values)?:
      let strings = values.compactMap(\.stringValue)
      return strings.count == values.count ? strings : []
    default: return []
    }
  }

  /// True if an audience entry is this one, byte by byte.
  public func isMeant(for audience: String) -> Bool {
    self.audience.contains { ByteString($0) == ByteString(audience) }
  }

  /// A date claim in whole seconds since 1970; a fraction (RFC 7519 §2, NumericDate) is cut off.
  ///
  /// - Returns: Nil if the claim is absent.
  /// - Throws: `JOSEError.claim` unless it is a number that is not negative and before the year 10000, so that arithmetic
  ///   on it cannot overflow (S-07).
  public func date(_ name: String) throws(JOSEError) -> Int64? {
    guard let value = object[name] else { return nil }
    guard case .number(let number) = value, let date = number.double,
      let seconds = Int64(exactly: date.rounded(.down)), (0...253_402_300_799).contains(seconds)
    else { throw .claim(name) }
    return seconds
  }
}
