import StrictCoding

/// Names one stream of a legacy session, so that a client which lost it can come back to it. It tells on which event loop
/// the stream is kept, so that nobody has to look it up in a shared table.
struct StreamName: Hashable, Sendable {
  /// What a stream is for.
  enum Kind: UInt8, Sendable {
    /// The answer of one call.
    case call = 0
    /// The server's own, opened by GET.
    case standing = 1
  }

  let kind: Kind
  let loop: Int
  private let number: UInt64

  init(_ kind: Kind, loop: Int, number: UInt64 = .random(in: .min ... .max)) {
    self.kind = kind
    self.loop = loop
    self.number = number
  }

  /// Reads what `text` wrote; anything else is no name.
  init?(_ text: Substring.UTF8View) {
    guard text.count == 14, let bytes = Base64URL.decode(Array(text)), bytes.count == 10,
      let kind = Kind(rawValue: bytes[0])
    else { return nil }
    self.init(kind, loop: Int(bytes[1]), number: bytes[2...].reduce(0) { $0 << 8 | UInt64($1) })
  }

  var text: String {
    let digits = (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
    return Base64URL.encode([kind.rawValue, UInt8(truncatingIfNeeded: loop)] + digits)
  }
}
