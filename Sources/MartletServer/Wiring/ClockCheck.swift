import MartletDomain

/// Refuses to start when the machine's clock can't be right: tokens would be born expired, or live for years.
struct ClockCheck: Sendable {
  /// 2026-01-01: no Martlet ran before.
  static let earliest = Timestamp(seconds: 1_767_225_600)
  /// How far behind its own records the clock may be.
  static let tolerance = Duration.seconds(300)

  let keys: any SigningKeyStore

  /// - Throws: `InstallationError`, or `StoreError` when the records can't be read.
  func check(at now: Timestamp) async throws {
    guard now >= Self.earliest else {
      throw InstallationError(
        "the clock of this machine is years behind", advice: "Set it (timedatectl set-ntp true), then start again.")
    }
    let newest = try await keys.signingKeys(at: now).map(\.createdAt).max()
    guard let newest, newest > now + Self.tolerance else { return }
    let minutes = (newest - now).wholeSeconds / 60
    throw InstallationError(
      "the clock of this machine is \(minutes) minutes behind the newest signing key in the database",
      advice: "Set the clock (timedatectl set-ntp true), then start again.")
  }
}
