/// Bounds on a JSON text, checked while reading.
public struct JSONLimits: Sendable, Equatable {
  /// How deep arrays and objects may nest; never more than 512, whatever is asked for.
  public var depth: Int
  /// How many members all objects together may have.
  public var keys: Int
  /// How many values the whole text may hold.
  public var values: Int
  /// How many bytes a string may have.
  public var stringBytes: Int
  /// How many bytes a number's literal may have.
  public var numberBytes: Int
  /// How many bytes the text may have.
  public var totalBytes: Int
  /// Whether an escape of half a surrogate pair is read as U+FFFD rather than refused: programs that count in UTF-16 cut
  /// characters in two.
  public var mendsSurrogates: Bool

  /// For message bodies: depth 64, 10,000 keys, strings of 1 MiB, 4 MiB in all.
  public static let `default` = JSONLimits()
  /// For documents that strangers publish: depth 16, 1,000 keys, 64 KiB in all.
  public static let metadata = JSONLimits(
    depth: 16, keys: 1_000, values: 10_000, stringBytes: 64 * 1024, totalBytes: 64 * 1024)

  /// Makes limits; whatever is left out has its default.
  public init(
    depth: Int = 64, keys: Int = 10_000, values: Int = 200_000, stringBytes: Int = 1024 * 1024,
    numberBytes: Int = 1024, totalBytes: Int = 4 * 1024 * 1024, mendsSurrogates: Bool = false
  ) {
    self.depth = min(depth, 512)
    self.keys = keys
    self.values = values
    self.stringBytes = stringBytes
    self.numberBytes = numberBytes
    self.totalBytes = totalBytes
    self.mendsSurrogates = mendsSurrogates
  }
}
