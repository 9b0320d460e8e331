/// Where the body of a message ends.
public enum BodyFraming: Sendable, Hashable {
  /// There is none.
  case none
  /// After so many bytes.
  case length(Int)
  /// With its last chunk.
  case chunked
  /// With the connection: answers only.
  case untilClose
}

extension HeaderFields {
  /// The framing of a request: at most one of one `Content-Length`, digits alone, and one `Transfer-Encoding`, `chunked`
  /// alone. Whatever two readers could see differently is refused (V-082).
  ///
  /// Conforms to: RFC 9112 §6.1, §6.3, but that it doesn't tolerate repeated equal lengths.
  ///
  /// - Parameter isBeforeHTTP11: Whether the message is HTTP/1.0, which has no chunks.
  func requestFraming(isBeforeHTTP11: Bool) throws(WireError) -> BodyFraming {
    var framing = BodyFraming.none
    for entry in entries {
      switch entry.known {
      case .contentLength:
        guard case .none = framing, let length = decimal(entry.value) else { throw .framing }
        framing = .length(length)
      case .transferEncoding:
        guard case .none = framing, !isBeforeHTTP11, equals(entry.value, "chunked") else { throw .framing }
        framing = .chunked
      default: break
      }
    }
    return framing
  }

  /// The framing of an answer to a request that was not HEAD.
  func responseFraming(status: Int, isBeforeHTTP11: Bool) throws(WireError) -> BodyFraming {
    let framing = try requestFraming(isBeforeHTTP11: isBeforeHTTP11)
    if status < 200 || status == 204 || status == 304 {
      // A length says what another answer would have had (RFC 9110 §8.6); chunks can't be there.
      if case .chunked = framing { throw .framing }
      return .none
    }
    return framing == .none ? .untilClose : framing
  }

  /// Whether the connection may carry another message (RFC 9112 §9.3).
  public func keepsConnection(isBeforeHTTP11: Bool) -> Bool {
    var keeps = !isBeforeHTTP11
    for entry in entries where entry.known == .connection {
      for option in bytes[entry.value].split(separator: Byte.comma) {
        if isOption(option, "close") { return false }
        if isOption(option, "keep-alive") { keeps = true }
      }
    }
    return keeps
  }

  /// Whether the body has to be decoded before it can be read: a coding is named that isn't `identity` (RFC 9110 §8.4).
  public var isEncoded: Bool {
    for entry in entries where entry.known == .contentEncoding {
      if !entry.value.isEmpty, !equals(entry.value, "identity") { return true }
    }
    return false
  }

  var expectsContinue: Bool { entries.contains { $0.known == .expect && equals($0.value, "100-continue") } }

  private func decimal(_ range: Range<Int>) -> Int? {
    guard !range.isEmpty, range.count <= 18 else { return nil }
    var value = 0
    for index in range {
      guard ByteClass.isDigit(bytes[index]) else { return nil }
      value = value &* 10 &+ Int(bytes[index] &- UInt8(ascii: "0"))
    }
    return value
  }

  private func equals(_ range: Range<Int>, _ text: StaticString) -> Bool { isOption(bytes[range], text) }

  /// Whether bytes are a word, in any case and with blanks around it.
  private func isOption(_ option: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
    var rest = option
    while let first = rest.first, ByteClass.isBlank(first) { rest.removeFirst() }
    while let last = rest.last, ByteClass.isBlank(last) { rest.removeLast() }
    return word.withUTF8Buffer { wanted in
      rest.count == wanted.count && zip(rest, wanted).allSatisfy { ByteClass.lower($0) == $1 }
    }
  }
}
