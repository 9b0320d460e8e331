/// The code of a JSON-RPC error.
///
/// Conforms to: JSON-RPC 2.0 §5.1; MCP 2026-07-28 Basic, Error Codes. Martlet's own codes lie outside the reserved
/// range.
public struct JSONRPCErrorCode: RawRepresentable, Sendable, Hashable, ExpressibleByIntegerLiteral {
  /// The number on the wire.
  public let rawValue: Int64

  /// Makes a code of any number.
  public init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  /// Makes a code of a literal.
  public init(integerLiteral value: Int64) {
    rawValue = value
  }

  /// Not JSON.
  public static let parseError: JSONRPCErrorCode = -32700
  /// JSON, but no message that may be sent.
  public static let invalidRequest: JSONRPCErrorCode = -32600
  /// No such method.
  public static let methodNotFound: JSONRPCErrorCode = -32601
  /// Parameters of the wrong shape, or required `_meta` that is missing.
  public static let invalidParams: JSONRPCErrorCode = -32602
  /// Something failed on the server's side.
  public static let internalError: JSONRPCErrorCode = -32603
  /// Mirrored headers that don't say what the body says (modern era).
  public static let headerMismatch: JSONRPCErrorCode = -32020
  /// The client didn't declare a capability that is needed (modern era).
  public static let missingCapability: JSONRPCErrorCode = -32021
  /// A protocol version that isn't spoken here (modern era).
  public static let unsupportedVersion: JSONRPCErrorCode = -32022
  /// A session that isn't known, as servers say it with HTTP 404 (legacy era; no revision has a code for it).
  public static let sessionNotFound: JSONRPCErrorCode = -32001
  /// A resource that doesn't exist (legacy era only).
  public static let legacyResourceNotFound: JSONRPCErrorCode = -32002
  /// A page that the user has to visit first (2025-11-25 only).
  public static let legacyURLElicitationRequired: JSONRPCErrorCode = -32042
  /// Martlet's policy refused the call.
  public static let denied: JSONRPCErrorCode = -31001
  /// A limit was met; `data.retry_after` says for how many seconds.
  public static let limited: JSONRPCErrorCode = -31002
  /// The server behind Martlet can't be reached.
  public static let upstreamUnavailable: JSONRPCErrorCode = -31003

  /// Whether a client takes the code as a sign that the server speaks the modern era.
  public var meansModernEra: Bool {
    switch self {
    case .headerMismatch, .missingCapability, .unsupportedVersion: true
    default: false
    }
  }
}
