/// How much one fetch may cost.
public struct FetchLimits: Hashable, Sendable {
  /// The most bytes that a body may have.
  public let maxBytes: Int
  /// Seconds from the start of name resolution to the last byte.
  public let totalSeconds: Double
  /// Seconds of these that one address may take to accept a connection.
  public let connectSeconds: Double

  /// - Parameters:
  ///   - maxBytes: The most bytes that a body may have.
  ///   - totalSeconds: Seconds for everything, name resolution included.
  ///   - connectSeconds: Seconds of these that one address may take to accept a connection.
  public init(maxBytes: Int, totalSeconds: Double, connectSeconds: Double = 2) {
    self.maxBytes = maxBytes
    self.totalSeconds = totalSeconds
    self.connectSeconds = connectSeconds
  }

  /// Discovery documents, key sets and token responses: 64 KiB in 5 s.
  public static let metadata = FetchLimits(maxBytes: 64 * 1024, totalSeconds: 5)
  /// Client ID Metadata Documents: the draft's 5 KB in 5 s.
  public static let clientMetadata = FetchLimits(maxBytes: 5 * 1024, totalSeconds: 5)
}
