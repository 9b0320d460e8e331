/// The head of a request, as strict as it was read. Immutable; a class, so that handing it on copies nothing.
public final class RequestHead: Sendable {
  /// The method.
  public let method: String
  /// The target as sent.
  public let target: ArraySlice<UInt8>
  /// Whether the client speaks HTTP/1.0: no chunks, and connections end with the answer unless it asks.
  public let isBeforeHTTP11: Bool
  /// The fields; names that hold `_` are left out, since they may be read as names with `-` further on (V-064).
  public let fields: HeaderFields
  /// Where the body ends.
  public let framing: BodyFraming
  /// Whether the client means to send another request.
  public let keepsConnection: Bool
  /// Whether the client waits for `100 Continue` before it sends a body (RFC 9110 §10.1.1).
  public var expectsContinue: Bool {
    !isBeforeHTTP11 && framing != .none && framing != .length(0) && fields.expectsContinue
  }

  /// How many bytes the head took.
  public let byteCount: Int

  init(
    method: String, target: ArraySlice<UInt8>, isBeforeHTTP11: Bool, fields: HeaderFields, byteCount: Int
  ) throws(WireError) {
    self.method = method
    self.target = target
    self.isBeforeHTTP11 = isBeforeHTTP11
    self.fields = fields
    self.byteCount = byteCount
    framing = try fields.requestFraming(isBeforeHTTP11: isBeforeHTTP11)
    keepsConnection = fields.keepsConnection(isBeforeHTTP11: isBeforeHTTP11)
  }

  /// Takes a head that another codec read.
  ///
  /// - Throws: `WireError.framing`, as the parser does.
  public convenience init(method: String, target: String, isBeforeHTTP11: Bool, fields: HeaderFields) throws(WireError)
  {
    try self.init(
      method: method, target: Array(target.utf8)[...], isBeforeHTTP11: isBeforeHTTP11, fields: fields, byteCount: 0)
  }
}
