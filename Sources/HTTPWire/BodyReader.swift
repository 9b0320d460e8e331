/// Reads a body, however it is framed.
public struct BodyReader: Sendable {
  private enum State: Sendable {
    case length(Int)
    case chunks(ChunkedDecoder)
    case untilClose
  }

  private var state: State

  /// Reads a body whose framing is known.
  public init(_ framing: BodyFraming) {
    switch framing {
    case .none: state = .length(0)
    case .length(let count): state = .length(count)
    case .chunked: state = .chunks(ChunkedDecoder())
    case .untilClose: state = .untilClose
    }
  }

  /// Whether the end of the connection is the end of the body.
  public var endsWithConnection: Bool {
    if case .untilClose = state { true } else { false }
  }

  /// Reads on, as ``ChunkedDecoder/next(_:)`` does.
  public mutating func next(_ bytes: Span<UInt8>) throws(WireError) -> ChunkedDecoder.Step {
    switch state {
    case .length(let remaining):
      guard remaining > 0 else { return .end(skipped: 0) }
      let count = min(remaining, bytes.count)
      guard count > 0 else { return .needsMore(skipped: 0) }
      state = .length(remaining &- count)
      return .data(skipped: 0, count: count)
    case .chunks(var decoder):
      let step = try decoder.next(bytes)
      state = .chunks(decoder)
      return step
    case .untilClose:
      return bytes.count > 0 ? .data(skipped: 0, count: bytes.count) : .needsMore(skipped: 0)
    }
  }
}
