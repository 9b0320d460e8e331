import NIOCore

/// The numbers of the bridge for legacy clients. All of them are in the documentation.
enum LegacyBridgeLimits {
  /// How long a client may take to answer what a server asks it: 10 min.
  static let answerTime = TimeAmount.minutes(10)
  /// Questions to one session's client that may be open at a time: 32.
  static let questionsOfSession = 32
  /// Questions that may be open in one process: 10,000.
  static let questions = 10_000
  /// How often a server may ask within one call: 16 times.
  static let rounds = 16
  /// The pause before a call is sent again for a server that asked for nothing but that: 50 ms, doubled up to 2 s.
  static let firstPause = TimeAmount.milliseconds(50)
  static let longestPause = TimeAmount.seconds(2)
  /// Resources that a session may watch: 500.
  static let watchedResources = 500
  /// How long Martlet's own questions to an upstream may take: 30 s.
  static let ownQuestion = TimeAmount.seconds(30)
  /// How long a client's stream waits to learn what the server tells of: 5 s.
  static let streamOpening = TimeAmount.seconds(5)
  /// Pages of a list of tools that are read to find one tool: 50.
  static let toolPages = 50
  /// Tools with mirrored arguments that are remembered for one principal: 1,000.
  static let mirroredTools = 1_000
  /// What a server said of itself is remembered for at least 30 s and at most 10 min, whatever its `ttlMs`.
  static let shortestMemory = Duration.seconds(30)
  static let longestMemory = Duration.seconds(600)
  /// The pause before a lost subscription is begun again: 1 s, doubled up to 30 s.
  static let firstSubscriptionPause = TimeAmount.seconds(1)
  static let longestSubscriptionPause = TimeAmount.seconds(30)
}
