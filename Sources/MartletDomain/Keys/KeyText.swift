import Crypto
import StrictCoding

/// What a key of Martlet's own opens. It stands in the key, so that one can't be taken for the other and whoever finds
/// one in a repository knows what it is.
public enum KeyKind: String, Sendable, CaseIterable {
  /// MCP routes.
  case apiKey = "key"
  /// The admin API.
  case adminToken = "adm"
}

/// A key as it is written: `mrt_<kind>_<id>_<secret>_<checksum>`, for example
/// `mrt_key_4Zk0…_…_0a1B2c`.
///
/// Id (12) and secret (32) are random letters and digits, 71 and 190 bits; the checksum (6) is the CRC-32 of all before
/// it in base 62. It tells typing errors and look-alikes from keys before anything is looked up, and proves nothing. A
/// scanner finds keys by `mrt_(key|adm)_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}` and the checksum. `_` keeps a
/// double click from selecting less than all of it.
public struct KeyText: Hashable, Sendable {
  /// What it opens.
  public let kind: KeyKind
  /// The part that finds its record.
  public let id: ByteString
  /// What a store keeps of the whole key.
  public let digest: ArtefactDigest
  /// The last four characters, by which a person tells keys apart.
  public let lastFour: String

  private static let idLength = 12
  private static let secretLength = 32
  private static let checksumLength = 6
  private static let length = 4 + 3 + 1 + idLength + 1 + secretLength + 1 + checksumLength
  private static let prefix = Array("mrt_".utf8)
  private static let underscore = UInt8(ascii: "_")

  /// Reads a key as it was presented.
  ///
  /// - Returns: `nil` for anything whose form or checksum is wrong.
  public init?(_ presented: some Collection<UInt8>) {
    guard presented.count == Self.length else { return nil }
    let bytes = Array(presented)
    let parts = bytes.split(separator: Self.underscore, omittingEmptySubsequences: false)
    guard parts.count == 5, bytes.starts(with: Self.prefix),
      let kind = KeyKind.allCases.first(where: { Array($0.rawValue.utf8) == Array(parts[1]) }),
      parts[2].count == Self.idLength, parts[3].count == Self.secretLength,
      parts[2...].allSatisfy({ $0.allSatisfy(Base62.contains) }),
      Array(parts[4]) == Self.checksum(bytes.prefix(Self.length - Self.checksumLength))
    else { return nil }
    self.init(kind: kind, id: ByteString(Array(parts[2])), bytes: bytes)
  }

  private init(kind: KeyKind, id: ByteString, bytes: [UInt8]) {
    self.kind = kind
    self.id = id
    digest = ArtefactDigest(bytes: Array(SHA256.hash(data: Array("martlet key\u{0}".utf8) + bytes)))
    lastFour = ByteString(Array(bytes.suffix(4))).string
  }

  /// Whether bytes claim to be a key of Martlet's, well formed or not.
  public static func isClaimed(by presented: some Collection<UInt8>) -> Bool { presented.starts(with: prefix) }

  /// The same of a field's bytes, which every request has.
  public static func isClaimed(by presented: ArraySlice<UInt8>) -> Bool {
    presented.withUnsafeBufferPointer { presented in
      guard presented.count >= prefix.count else { return false }
      for index in prefix.indices where presented[index] != prefix[index] { return false }
      return true
    }
  }

  /// Makes a new key.
  ///
  /// - Returns: The key, to be shown once, and what is kept of it.
  public static func mint(_ kind: KeyKind, _ random: any RandomSource) -> (key: Secret, text: KeyText) {
    let id = Base62.random(idLength, random)
    let secret = Base62.random(secretLength, random)
    var bytes = prefix + Array(kind.rawValue.utf8) + [underscore] + id + [underscore] + secret + [underscore]
    bytes += checksum(bytes[...])
    return (Secret(bytes), KeyText(kind: kind, id: ByteString(id), bytes: bytes))
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    // The underscore before the checksum isn't part of what it covers.
    Base62.number(UInt64(CRC32.of(bytes.dropLast())), digits: checksumLength)
  }
}

extension ArtefactDigest {
  /// Compares in time that doesn't depend on where the digests differ.
  public func matches(_ other: ArtefactDigest) -> Bool {
    guard bytes.count == other.bytes.count else { return false }
    return zip(bytes, other.bytes).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
