import Crypto
import StrictCoding

/// A value that may be used but not shown: however it is printed, encoded or reflected it says `‹redacted›` (invariant
/// 7).
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable, Encodable {
  private let bytes: [UInt8]

  /// Wraps bytes.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Wraps the UTF-8 bytes of a string.
  public init(_ string: String) { self.bytes = Array(string.utf8) }

  /// The bytes, for the one place that has to send or hash them.
  public func expose() -> [UInt8] { bytes }

  /// Whether nothing is inside.
  public var isEmpty: Bool { bytes.isEmpty }

  /// `‹redacted›`.
  public var description: String { "‹redacted›" }
  /// `‹redacted›`.
  public var debugDescription: String { description }
  /// A mirror without children.
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// Encodes `‹redacted›`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// Compares in time that doesn't depend on where the bytes differ.
  ///
  /// - Parameter other: The presented bytes.
  public func matches(_ other: some Sequence<UInt8>) -> Bool {
    SHA256.hash(data: bytes) == SHA256.hash(data: Array(other))
  }
}
