/// Why an event stream was given up.
public enum SSEError: Error, Sendable, Equatable {
  /// A line is longer than the limit.
  case lineTooLong
  /// An event is longer than the limit.
  case eventTooLong
}
