/// The 32 bytes of a SHA-256, or of an HMAC over it, where the value lies: no memory of their own, nothing to hold.
public struct InlineDigest: Hashable, Sendable {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// Copies 32 bytes. What is missing is zero, and what is beyond isn't looked at.
  public init(_ bytes: UnsafeRawBufferPointer) {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(32))) }
    self.words = words
  }

  /// Shows the bytes where they lie.
  public func withBytes<Answer>(_ body: (UnsafeRawBufferPointer) -> Answer) -> Answer {
    withUnsafeBytes(of: words, body)
  }

  /// Whether both are the same 32 bytes. What is looked up by a digest is no secret any more: the time that this takes
  /// tells nothing of what was digested.
  public static func == (lhs: InlineDigest, rhs: InlineDigest) -> Bool { lhs.words == rhs.words }

  /// Hashes a quarter, which is as good as random.
  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
