/// The head of an answer that an upstream gave. Immutable; a class, so that handing it on copies nothing.
public final class ResponseHead: Sendable {
  /// The status.
  public let status: Int
  /// Whether the server speaks HTTP/1.0.
  public let isBeforeHTTP11: Bool
  /// The fields.
  public let fields: HeaderFields
  /// Where the body ends, for a request that was not HEAD.
  public let framing: BodyFraming
  /// Whether the connection may be used again.
  public let keepsConnection: Bool
  /// How many bytes the head took.
  public let byteCount: Int

  /// Whether the answer is still to come (RFC 9110 §15.2).
  public var isInterim: Bool { status < 200 }

  init(
    status: Int, isBeforeHTTP11: Bool, fields: HeaderFields, framing: BodyFraming, keepsConnection: Bool, byteCount: Int
  ) {
    self.status = status
    self.isBeforeHTTP11 = isBeforeHTTP11
    self.fields = fields
    self.framing = framing
    self.keepsConnection = keepsConnection
    self.byteCount = byteCount
  }
}
