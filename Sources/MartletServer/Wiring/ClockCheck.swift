import MartletDomain

/// Refuses to start when the machine's clock can't be right: tokens would be born expired, or live for years.
struct ClockCheck: Sendable {
  /// 2026-01-01: no Martlet ran before.
  static let earliest = Timestamp(seconds: 1_767_225_600)
  /// 2046-01-01: this build will not run then.
  static let latest = Timestamp(seconds: 2_398_377_600)
  /// How far ahead of its newest signing key the clock may be without a word; keys of a process that runs are younger.
  static let silence = Duration.seconds(366 * 86_400)
  /// How far behind its own records the clock may be.
  static let tolerance = Duration.seconds(300)

  let keys: any SigningKeyStore

  /// - Returns: What an operator should look at, though it may be right.
  /// - Throws: `InstallationError`, or `StoreError` when the records can't be read.
  func check(at now: Timestamp) async throws -> String? {
    guard now >= Self.earliest, now < Self.latest else {
      throw InstallationError(
        "the clock of this machine is years \(now < Self.earliest ? "behind" : "ahead")",
        advice: "Set it (timedatectl set-ntp true), then start again.")
    }
    guard let newest = try await keys.signingKeys(at: now).map(\.createdAt).max() else { return nil }
    guard newest > now + Self.tolerance else {
      let days = (now - newest).wholeSeconds / 86_400
      guard now > newest + Self.silence else { return nil }
      return
        "the newest signing key is \(days) days old: if Martlet ran since, the clock is ahead; stop and set it first"
    }
    let minutes = (newest - now).wholeSeconds / 60
    throw InstallationError(
      "the clock of this machine is \(minutes) minutes behind the newest signing key in the database",
      advice: "Set the clock (timedatectl set-ntp true), then start again.")
  }
}
