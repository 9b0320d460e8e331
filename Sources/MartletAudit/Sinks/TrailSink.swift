import MartletDomain

/// Takes the trail to another place. It is told records in their order and told them again where it failed, so it may
/// get one twice, but none is left out.
public protocol TrailSink: Sendable {
  /// Tells it apart from others, in the store, in metrics and in the log: its kind and where it goes.
  var name: String { get }

  /// Takes records. On return they are where they belong.
  ///
  /// - Throws: `TrailSinkFailure`; all of them are told again later.
  func take(_ records: [PlacedRecord]) async throws(TrailSinkFailure)

  /// Opens anew what it writes to, as after files were rotated.
  func reopen() async

  /// Lets go of what it writes to.
  func close() async
}

extension TrailSink {
  /// Nothing to do.
  public func reopen() async {}
  /// Nothing to do.
  public func close() async {}
}

/// Why a sink took nothing.
public struct TrailSinkFailure: Error, Sendable, Hashable {
  /// What went wrong.
  public let message: String
  /// What to do about it.
  public let advice: String

  /// Describes a failure.
  public init(_ message: String, advice: String) {
    self.message = message
    self.advice = advice
  }
}
