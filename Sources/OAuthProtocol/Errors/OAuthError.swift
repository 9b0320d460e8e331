import StrictCoding

/// A refusal with two faces: what the client is told, and why it really happened.
///
/// Conforms to: RFC 6749 §5.2 (and §4.1.2.1 for the charset of the description).
public struct OAuthError: Error, Sendable, Equatable {
  /// The code on the wire.
  public let code: OAuthErrorCode
  /// A client-safe sentence in the charset of RFC 6749 §5.2; never holds request content or secrets.
  public let description: String
  /// The rich reason, for audit only; never sent.
  public let reason: String?
  /// After how many seconds a retry makes sense, for `Retry-After`.
  public let retryAfterSeconds: Int?

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - code: The code on the wire.
  ///   - description: Sent to the client; bytes outside RFC 6749's charset are replaced, 300 bytes at most.
  ///   - reason: Kept for audit.
  ///   - retryAfterSeconds: Seconds for `Retry-After`.
  public init(
    _ code: OAuthErrorCode, _ description: String, reason: String? = nil, retryAfterSeconds: Int? = nil
  ) {
    self.code = code
    self.description = Self.sanitized(description)
    self.reason = reason
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// The HTTP status of a direct (not redirected) answer.
  public var httpStatus: Int {
    switch code {
    case .invalidClient, .invalidToken: 401
    case .insufficientScope: 403
    case .temporarilyUnavailable: 503
    default: 400
    }
  }

  /// The JSON body of RFC 6749 §5.2.
  public func json() -> [UInt8] {
    var object = JSONObject()
    object["error"] = .string(code.rawValue)
    if !description.isEmpty { object["error_description"] = .string(description) }
    return JSONWriter.write(.object(object))
  }

  /// The parameters of an error response by redirection (RFC 6749 §4.1.2.1), without `state` and `iss`.
  public var parameters: [(String, String)] {
    description.isEmpty
      ? [("error", code.rawValue)] : [("error", code.rawValue), ("error_description", description)]
  }

  /// Replaces every byte outside RFC 6749's `NQSCHAR` and cuts at 300 bytes.
  static func sanitized(_ text: String) -> String {
    let bytes = text.utf8.prefix(300).map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "'")
      case 0x20...0x7E: byte
      case 0x00..<0x20, 0x7F: UInt8(ascii: " ")
      default: UInt8(ascii: "?")
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
