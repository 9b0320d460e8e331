/// What a reader found next. The bytes that it names are done with; what is behind them is to be given again.
public enum WireEvent<Head: Sendable>: Sendable {
  /// A head, of `byteCount` bytes.
  case head(Head)
  /// After `skipped` bytes that are not body, `count` bytes that are.
  case data(skipped: Int, count: Int)
  /// The message ended, and `skipped` bytes with it.
  case end(skipped: Int)
  /// After `skipped` bytes, more has to arrive.
  case needsMore(skipped: Int)

  init(_ step: ChunkedDecoder.Step) {
    self =
      switch step {
      case .data(let skipped, let count): .data(skipped: skipped, count: count)
      case .needsMore(let skipped): .needsMore(skipped: skipped)
      case .end(let skipped): .end(skipped: skipped)
      }
  }
}
