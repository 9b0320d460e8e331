import Logging
import MartletDomain

/// Follows the revocation table, so that what another process takes away is gone here within a second.
struct RevocationFollower: Sendable {
  let store: any RevocationStore
  let index: RevocationIndex
  let clock: any WallClock
  let logger: Logger
  static let interval = Duration.milliseconds(500)

  /// Reads what there is; the listener opens after that.
  func catchUp() async throws(StoreError) {
    index.apply(try await store.revocations(after: index.sequence, at: clock.now()))
    index.advance(to: clock.now())
  }

  /// Follows until cancelled. While the store can't be read, nothing new is learned, and readiness says so.
  func run(_ health: Health) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.interval)
      if Task.isCancelled { return }
      index.advance(to: clock.now())
      do {
        try await catchUp()
        index.removeExpired(at: clock.now())
        health.note(.revocations, isWell: true)
      } catch {
        if Task.isCancelled { return }
        if health.note(.revocations, isWell: false) {
          logger.error("the revocation table can't be read; not ready until it can", metadata: ["error": "\(error)"])
        }
      }
    }
  }
}
