import Crypto
import MartletDomain
import StrictCoding

/// The short code that a person types: eight consonants, shown as `BCDF-GHJK` (RFC 8628 §6.1). No vowels, so no words;
/// no letters that look like digits.
struct UserCode: Sendable, Hashable {
  static let alphabet = Array("BCDFGHJKLMNPQRSTVWXZ".utf8)
  static let length = 8

  private let letters: [UInt8]

  /// Draws a code: 34 bits, which is why guesses are counted.
  init(drawnBy random: some RandomSource) {
    var letters: [UInt8] = []
    while letters.count < Self.length {
      // 240 is the largest multiple of 20 below 256: no letter is likelier than another.
      letters += random.bytes(Self.length).filter { $0 < 240 }.map { Self.alphabet[Int($0) % Self.alphabet.count] }
    }
    self.letters = Array(letters.prefix(Self.length))
  }

  /// Reads what a person typed: in any case, with or without hyphens and blanks.
  init?(typed text: String) {
    guard text.utf8.count <= 64 else { return nil }
    let letters = text.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }.map { byte in
      (0x61...0x7A).contains(byte) ? byte & 0xDF : byte
    }
    guard letters.count == Self.length, letters.allSatisfy(Self.alphabet.contains) else { return nil }
    self.letters = letters
  }

  /// As it is shown.
  var text: String {
    ByteString(letters.prefix(4) + [UInt8(ascii: "-")] + letters.suffix(4)).string
  }

  /// What is stored: keyed, since all codes could be tried out against a plain hash in minutes.
  func digest(under key: SymmetricKey) -> ArtefactDigest {
    ArtefactDigest(bytes: Array(HMAC<SHA256>.authenticationCode(for: letters, using: key)))
  }
}
