import HTTPWire

/// Where ours refuses what NIOHTTP1 accepts. Anything else that only one of them accepts is a defect.
struct StricterThanNIO: Sendable {
  let what: String
  let errors: Set<WireError>
  let holds: @Sendable (Text) -> Bool

  /// The bytes in a form that is easy to look into.
  struct Text {
    let bytes: [UInt8]

    func has(_ text: String) -> Bool {
      let wanted = Array(text.utf8)
      guard bytes.count >= wanted.count else { return false }
      return (0...(bytes.count - wanted.count)).contains { bytes[$0...].starts(with: wanted) }
    }

    func hasFolded(_ text: String) -> Bool {
      Text(bytes: bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }).has(text)
    }
  }

  static let list = [
    Self(what: "one blank on each side of the target", errors: [.requestLine, .version]) {
      $0.has("  ") || $0.has(" \r")
    },
    Self(what: "at most two empty lines before a request, of CR LF", errors: [.requestLine, .lineEnd]) {
      $0.has("\r\n\r\n\r\n") || $0.bytes.first == Byte.carriageReturn || $0.has("\n\r") || $0.has("\n\n")
        || $0.bytes.first == Byte.lineFeed
    },
    Self(what: "no empty line before an answer", errors: [.version]) { text in
      text.bytes.first == Byte.carriageReturn || text.bytes.first == Byte.lineFeed || text.has("\n\r\n\r")
        || text.has("\n\n")
    },
    Self(what: "no fragment in a target", errors: [.requestLine]) { $0.has("#") },
    Self(what: "nothing behind CONNECT", errors: [.requestLine, .lineEnd, .version]) { $0.has("CONNECT") },
    Self(what: "seventeen methods", errors: [.requestLine]) { text in
      ["PRI ", "SOURCE ", "LINK ", "BIND ", "PURGE ", "ACL ", "PROPPATCH "].contains { text.has($0) }
    },
    Self(what: "http and https only in absolute targets", errors: [.requestLine]) { text in
      [" *", " a", " h", ":"].contains { text.hasFolded($0) }
    },
    Self(what: "targets of 8 KiB", errors: [.targetTooLong]) { $0.bytes.count > Ours.limits.targetBytes },
    Self(what: "name and value count together", errors: [.fieldsTooLarge]) { $0.bytes.count > Ours.limits.fieldBytes },
    Self(what: "reasons of 8 KiB", errors: [.fieldsTooLarge]) { $0.bytes.count > Ours.limits.targetBytes },
    Self(what: "trailers of 8 KiB and 32 fields", errors: [.fieldsTooLarge]) { $0.hasFolded("chunked") },
    Self(what: "no trailer frames, routes or authorizes", errors: [.trailer]) { $0.hasFolded("chunked") },
    Self(what: "sizes of chunks have 16 digits and 58 bits", errors: [.chunk]) { $0.hasFolded("chunked") },
    Self(what: "extensions of chunks have 256 bytes, values where there is =, and no escapes", errors: [.chunk]) {
      $0.has(";")
    },
    Self(what: "no coding but chunked alone, without tabs, in HTTP/1.1, where there is a body", errors: [.framing]) {
      $0.hasFolded("transfer-encoding")
    },
    Self(what: "lengths have 18 digits and no tab beside them", errors: [.framing]) { $0.hasFolded("content-length") },
    Self(what: "the status has no zero in front, and its line no control character", errors: [.statusLine]) {
      $0.has("HTTP/1.")
    },
    Self(what: "no interim answer in HTTP/1.0", errors: [.statusLine]) { $0.has("HTTP/1.0 1") },
    Self(what: "no other protocol", errors: [.statusLine]) { $0.has(" 101") },
  ]

  private enum Byte {
    static let carriageReturn = UInt8(ascii: "\r")
    static let lineFeed = UInt8(ascii: "\n")
  }

  /// Whether a refusal of ours alone is one of the list. Where they have not decided yet, there is nothing to explain.
  static func explains(_ error: WireError, _ bytes: [UInt8], _ ours: Transcript, _ theirs: NIOOracle.Reading) -> Bool {
    let isUndecided = ours.messages.count == theirs.messages.count && ours.messages.last == theirs.messages.last
    if isUndecided { return true }
    let text = Text(bytes: bytes)
    return list.contains { $0.errors.contains(error) && $0.holds(text) }
  }
}
