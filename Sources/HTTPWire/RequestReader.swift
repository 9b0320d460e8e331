/// Reads requests, one after the other. It knows no connection: whoever has one gives it what is unread and drops what
/// it is done with.
public struct RequestReader: Sendable {
  private var parser: RequestHeadParser
  private var body: BodyReader?

  /// Makes a reader.
  public init(limits: HeadLimits) { parser = RequestHeadParser(limits: limits) }

  /// Reads on.
  ///
  /// - Throws: `WireError`; nothing more can be read from there.
  public mutating func next(_ bytes: Span<UInt8>) throws(WireError) -> WireEvent<RequestHead> {
    guard body != nil else {
      guard let head = try parser.parse(bytes) else { return .needsMore(skipped: 0) }
      body = BodyReader(head.framing)
      return .head(head)
    }
    let step = try body?.next(bytes) ?? .end(skipped: 0)
    if case .end = step { body = nil }
    return WireEvent(step)
  }
}
