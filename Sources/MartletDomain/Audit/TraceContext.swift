import StrictCoding

/// Where a request stands in somebody's distributed trace (W3C Trace Context, Level 2, §3.2): `traceparent`.
public struct TraceContext: Sendable, Hashable {
  /// 32 lower-case hexadecimal digits.
  public let trace: String
  /// The span of whoever sent it: 16 lower-case hexadecimal digits.
  public let parent: String
  /// The flags: 2 lower-case hexadecimal digits.
  public let flags: String

  /// Reads a `traceparent`. Of a version that isn't known what version 00 has is read (§4.3).
  ///
  /// - Returns: `nil` where it must be ignored.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 55, bytes.count <= 512, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash
    else { return nil }
    let (version, trace, parent, flags) = (bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55])
    guard [version, trace, parent, flags].allSatisfy({ $0.allSatisfy(Self.isDigit) }),
      !version.elementsEqual("ff".utf8), !Self.isZero(trace), !Self.isZero(parent)
    else { return nil }
    let isFirstVersion = version.elementsEqual("00".utf8)
    guard bytes.count == 55 || (!isFirstVersion && bytes[55] == Self.dash) else { return nil }
    guard let read = Self.texts(trace, parent, flags) else { return nil }
    (self.trace, self.parent, self.flags) = read
  }

  /// What is sent on: the same trace, with a span of our own.
  ///
  /// - Parameter span: 8 unpredictable bytes.
  public func continued(by span: [UInt8]) -> String { "00-\(trace)-\(Hex.encode(span))-\(flags)" }

  /// Whether a `tracestate` may go on with it: at most 512 bytes, members of visible ASCII (§3.3).
  public static func isPlausible(state: String) -> Bool {
    let bytes = state.utf8
    return (1...512).contains(bytes.count) && bytes.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
      && bytes.contains(UInt8(ascii: "="))
  }

  private static let dash = UInt8(ascii: "-")

  private static func isDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }

  private static func isZero(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.allSatisfy { $0 == 0x30 } }

  private static func texts(
    _ trace: ArraySlice<UInt8>, _ parent: ArraySlice<UInt8>, _ flags: ArraySlice<UInt8>
  ) -> (String, String, String)? {
    guard let trace = String(validating: trace, as: UTF8.self), let parent = String(validating: parent, as: UTF8.self),
      let flags = String(validating: flags, as: UTF8.self)
    else { return nil }
    return (trace, parent, flags)
  }
}
