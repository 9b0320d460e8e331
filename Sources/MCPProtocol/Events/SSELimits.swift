/// Bounds on an event stream.
public struct SSELimits: Sendable, Equatable {
  /// How many bytes a line may have.
  public var lineBytes: Int
  /// How many bytes the fields of one event may have together.
  public var eventBytes: Int

  /// Lines and events of 1 MiB.
  public static let `default` = SSELimits()

  /// Makes limits; whatever is left out has its default.
  public init(lineBytes: Int = 1024 * 1024, eventBytes: Int = 1024 * 1024) {
    self.lineBytes = lineBytes
    self.eventBytes = eventBytes
  }
}
