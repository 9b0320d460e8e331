import StrictCoding

/// One pass over a `WWW-Authenticate` value. Every step moves forward, so that the cost is linear.
struct AuthenticationChallengeParser {
  private let bytes: [UInt8]
  private var index = 0
  private var found: [AuthenticationChallenge] = []
  private var scheme: String?
  private var token68: String?
  private var parameters: [AuthenticationChallenge.Parameter] = []

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func challenges() -> [AuthenticationChallenge] {
    while index < bytes.count {
      skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
      guard index < bytes.count else { break }
      let word = take(while: ASCII.isTokenCharacter)
      if word.isEmpty {
        skipElement()
        continue
      }
      let afterWord = index
      skipSpaces()
      if index < bytes.count, bytes[index] == UInt8(ascii: "="), scheme != nil {
        index += 1
        skipSpaces()
        addParameter(name: word, value: value())
      } else {
        index = afterWord
        begin(word)
      }
    }
    flush()
    return found
  }

  private mutating func begin(_ word: ArraySlice<UInt8>) {
    flush()
    scheme = ASCII.string(ASCIICase.lowercased(word))
    skipSpaces()
    let start = index
    var run = take(while: ASCII.isToken68Character)
    let body = run.count
    while index < bytes.count, bytes[index] == UInt8(ascii: "=") { index += 1 }
    run = bytes[start..<index]
    skipSpaces()
    let isAtEnd = index == bytes.count || bytes[index] == UInt8(ascii: ",")
    // `a=` may be a parameter without value; only padding up to the element's end makes it a token68.
    if body > 0, isAtEnd {
      token68 = ASCII.string(run)
    } else {
      index = start
    }
  }

  private mutating func addParameter(name: ArraySlice<UInt8>, value: [UInt8]) {
    guard parameters.count < 64 else { return }
    parameters.append(.init(name: ASCII.string(ASCIICase.lowercased(name)), value: ASCII.string(value)))
  }

  private mutating func value() -> [UInt8] {
    guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
      return Array(take { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") })
    }
    index += 1
    var value: [UInt8] = []
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count { index += 1 }
      value.append(bytes[index])
      index += 1
    }
    index += 1
    return value
  }

  private mutating func flush() {
    if let scheme, found.count < 32 { found.append(.init(scheme: scheme, token68: token68, parameters: parameters)) }
    scheme = nil
    token68 = nil
    parameters = []
  }

  /// Passes over something unreadable up to the next comma outside quotes.
  private mutating func skipElement() {
    while index < bytes.count, bytes[index] != UInt8(ascii: ",") {
      if bytes[index] == UInt8(ascii: "\"") { _ = value() } else { index += 1 }
    }
  }

  private mutating func skipSpaces() { skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }

  private mutating func skip(while predicate: (UInt8) -> Bool) { _ = take(while: predicate) }

  private mutating func take(while predicate: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let start = index
    while index < bytes.count, predicate(bytes[index]) { index += 1 }
    return bytes[start..<index]
  }
}
