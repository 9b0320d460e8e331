import MartletDomain
import StrictCoding

/// When a rule applies: all of it must hold.
public struct PolicyConditions: Sendable {
  /// What the arguments of the call must be like.
  public var arguments: [ArgumentCondition]
  /// At what time of the week.
  public var time: TimeWindow?

  /// Describes conditions; without any, always.
  public init(arguments: [ArgumentCondition] = [], time: TimeWindow? = nil) {
    self.arguments = arguments
    self.time = time
  }

  /// Whether all of it holds.
  ///
  /// - Parameter inDoubt: What is answered where nobody can tell: a rule that refuses applies then, one that allows
  ///   doesn't.
  func hold(for arguments: JSONObject?, at now: Timestamp, inDoubt: Bool) -> Bool {
    guard time?.contains(now) ?? true else { return false }
    return self.arguments.allSatisfy { $0.holds(for: arguments) ?? inDoubt }
  }
}
