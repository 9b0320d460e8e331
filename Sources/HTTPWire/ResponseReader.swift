/// Reads answers, one after the other. Interim ones are told too, and have no body. Used in one place at a time.
public final class ResponseReader {
  private var parser: ResponseHeadParser
  private var body: BodyReader?

  /// Makes a reader.
  public init(limits: HeadLimits) { parser = ResponseHeadParser(limits: limits) }

  /// Whether the end of the connection is the end of the answer.
  public var endsWithConnection: Bool { body?.endsWithConnection ?? false }

  /// Reads on.
  ///
  /// - Throws: `WireError`; nothing more can be read from there.
  public func next(_ bytes: Span<UInt8>) throws(WireError) -> WireEvent<ResponseHead> {
    guard var body = self.body else {
      guard let head = try parser.parse(bytes) else { return .needsMore(skipped: 0) }
      // Another protocol was never asked for, and HTTP/1.0 has no interim answers (RFC 9110 §15.2).
      if head.status == 101 || (head.isInterim && head.isBeforeHTTP11) { throw .statusLine }
      if !head.isInterim { self.body = BodyReader(head.framing) }
      return .head(head)
    }
    let step = try body.next(bytes)
    if case .end = step { self.body = nil } else { self.body = body }
    return WireEvent(step)
  }
}
