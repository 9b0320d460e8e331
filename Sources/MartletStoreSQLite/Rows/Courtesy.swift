#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lets an event loop that waits for this very processor go first, now and then while a batch is written: a batch of some
/// hundred records takes a millisecond, which calls of this time would have to wait for.
///
/// Only where batches are small: under load whoever gives way seldom gets the processor back, and the trail must keep up.
struct Courtesy {
  /// The largest batch that gives way: 512 records, some 5,000 calls a second.
  private static let largest = 512
  /// After how many records: 16, some 100 µs.
  private static let records = 16

  private let isCourteous: Bool

  /// - Parameter batch: How many records are written.
  init(batch: Int) { isCourteous = batch <= Self.largest }

  /// Called after each record.
  func giveWay(after index: Int) {
    if index % Self.records == Self.records - 1 { giveWay() }
  }

  /// Called between two steps.
  func giveWay() {
    if isCourteous { sched_yield() }
  }
}
