/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z. Arithmetic saturates, it never traps (S-07).
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Milliseconds since 1970.
  public let milliseconds: Int64

  /// Wraps milliseconds since 1970.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Wraps seconds since 1970, saturating.
  public init(seconds: Int64) {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    milliseconds = overflow ? (seconds < 0 ? .min : .max) : product
  }

  /// Whole seconds since 1970, rounded down: a JWT's NumericDate.
  public var seconds: Int64 { milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000 }

  /// Before every other time.
  public static let distantPast = Timestamp(milliseconds: .min)
  /// After every other time.
  public static let distantFuture = Timestamp(milliseconds: .max)

  /// Orders in time.
  public static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

  /// The time so much later.
  public static func + (left: Self, right: Duration) -> Timestamp {
    let (sum, overflow) = left.milliseconds.addingReportingOverflow(right.milliseconds)
    return Timestamp(milliseconds: overflow ? (right < .zero ? .min : .max) : sum)
  }

  /// The time so much earlier.
  public static func - (left: Self, right: Duration) -> Timestamp {
    let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
    return Timestamp(milliseconds: overflow ? (right < .zero ? .max : .min) : difference)
  }

  /// How much later the left is than the right.
  public static func - (left: Self, right: Self) -> Duration {
    let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
    return .milliseconds(overflow ? (left < right ? Int64.min : Int64.max) : difference)
  }
}

extension Duration {
  /// Whole milliseconds, saturating.
  public var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
    return carry ? (seconds < 0 ? .min : .max) : sum
  }

  /// Whole nanoseconds, saturating.
  public var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carry ? (seconds < 0 ? .min : .max) : sum
  }

  /// Whole seconds, rounded down.
  public var wholeSeconds: Int64 { components.seconds }
}
