#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Offers the core now and then while a batch of the trail is written. Where an event loop has no other core, a call would
/// wait for as long as the system lets a thread go on: milliseconds.
///
/// Whoever offers a core that is never idle waits as long to get it back, and the trail must not fall behind the calls.
/// So a full batch, behind which there is more, isn't interrupted, nor one of a few records, for which somebody may wait,
/// and no batch for longer than ``patience``.
struct CoreTurns {
  /// How many records lie between two offers: some 100 us.
  static let stretch = 16
  /// From how many records on a batch counts as full: half of what a recorder writes at most at once.
  static let fullBatch = 1_000
  /// For how long a batch is interrupted.
  static let patience = Duration.milliseconds(20)

  private let ends: ContinuousClock.Instant?
  private let offer: () -> Void

  /// - Parameters:
  ///   - count: How many records the batch has.
  ///   - begun: When it began.
  ///   - offer: Lets others have the core.
  init(
    batch count: Int, begun: ContinuousClock.Instant = .now, offer: @escaping () -> Void = { _ = sched_yield() }
  ) {
    ends = count >= Self.stretch && count < Self.fullBatch ? begun + Self.patience : nil
    self.offer = offer
  }

  /// So many records are done with; none, where another step of the batch begins.
  func pass(_ count: Int = 0, now: @autoclosure () -> ContinuousClock.Instant = .now) {
    guard let ends, count % Self.stretch == 0, now() < ends else { return }
    offer()
  }
}
