/// A range of addresses of one family, such as `10.0.0.0/8`.
public struct CIDR: Hashable, Sendable, CustomStringConvertible {
  /// The first address of the range.
  public let network: IPAddress
  /// The number of leading bits that all addresses of the range share.
  public let prefixLength: Int

  /// Parses `address/length`, or a single address; strict, so that a slip doesn't open more than was meant.
  ///
  /// - Parameter text: The range; bits after the prefix must be zero and the length has no leading zeros.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let network = IPAddress(String(first)) else { return nil }
    var length = network.bytes.count * 8
    if parts.count == 2 {
      guard let parsed = CIDR.parseLength(parts[1]), parsed <= length else { return nil }
      length = parsed
    }
    self.init(network: network, prefixLength: length)
  }

  init?(network: IPAddress, prefixLength: Int) {
    let hostBitsAreZero = network.bytes.enumerated().allSatisfy { index, byte in
      byte & ~CIDR.mask(byte: index, prefixLength: prefixLength) == 0
    }
    guard hostBitsAreZero else { return nil }
    self.network = network
    self.prefixLength = prefixLength
  }

  /// Whether `address` is of this range's family and inside it.
  public func contains(_ address: IPAddress) -> Bool {
    guard address.bytes.count == network.bytes.count else { return false }
    return zip(address.bytes, network.bytes).enumerated().allSatisfy { index, pair in
      (pair.0 ^ pair.1) & CIDR.mask(byte: index, prefixLength: prefixLength) == 0
    }
  }

  /// The canonical text form.
  public var description: String { "\(network)/\(prefixLength)" }

  private static func mask(byte index: Int, prefixLength: Int) -> UInt8 {
    let bits = max(0, min(8, prefixLength - index * 8))
    return bits == 0 ? 0 : 0xFF << UInt8(8 - bits)
  }

  private static func parseLength(_ text: Substring) -> Int? {
    let digits = Array(text.utf8)
    guard (1...3).contains(digits.count), digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    guard digits.count == 1 || digits.first != 0x30 else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }
}
