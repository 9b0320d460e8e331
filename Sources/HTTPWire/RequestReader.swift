/// Reads requests, one after the other. It knows no connection: whoever has one gives it what is unread and drops what
/// it is done with. A class, so that reading is one step for its owner. Used in one place at a time.
public final class RequestReader {
  private var parser: RequestHeadParser
  private var body: BodyReader?

  /// Makes a reader.
  public init(limits: HeadLimits) { parser = RequestHeadParser(limits: limits) }

  /// Reads on.
  ///
  /// - Throws: `WireError`; nothing more can be read from there.
  public func next(_ bytes: Span<UInt8>) throws(WireError) -> WireEvent<RequestHead> {
    guard var body = self.body else {
      guard let head = try parser.parse(bytes) else { return .needsMore(skipped: 0) }
      self.body = BodyReader(head.framing)
      return .head(head)
    }
    let step = try body.next(bytes)
    if case .end = step { self.body = nil } else { self.body = body }
    return WireEvent(step)
  }
}
