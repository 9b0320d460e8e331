/// Why a JSON text was refused, and where; never what it held.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kinds of refusal.
  public enum Code: String, Sendable, CaseIterable {
    /// The text ends inside a value, or is empty.
    case unexpectedEnd
    /// A byte that the grammar has no place for.
    case unexpectedByte
    /// A number outside RFC 8259 §6.
    case invalidNumber
    /// A backslash that starts no known escape.
    case invalidEscape
    /// A `\u` escape of half a surrogate pair.
    case loneSurrogate
    /// Bytes that are not UTF-8.
    case invalidUTF8
    /// A raw control character inside a string.
    case controlCharacter
    /// A byte order mark in front.
    case byteOrderMark
    /// A key that stands twice in one object.
    case duplicateKey
    /// Something after the value.
    case trailingBytes
    /// Nested deeper than the limit.
    case tooDeep
    /// More object members than the limit.
    case tooManyKeys
    /// More values than the limit.
    case tooManyValues
    /// A string longer than the limit.
    case stringTooLong
    /// A number longer than the limit.
    case numberTooLong
    /// A text longer than the limit.
    case tooLong
  }

  /// What is wrong.
  public let code: Code
  /// How many bytes into the text it was noticed.
  public let offset: Int

  /// Makes an error.
  public init(code: Code, offset: Int) {
    self.code = code
    self.offset = offset
  }

  /// Whether a limit was met, rather than the grammar broken.
  public var isLimit: Bool {
    switch code {
    case .tooDeep, .tooManyKeys, .tooManyValues, .stringTooLong, .numberTooLong, .tooLong: true
    default: false
    }
  }

  /// A sentence for people that holds nothing of the text.
  public var description: String {
    "\(explanation) (at byte \(offset))"
  }

  private var explanation: String {
    switch code {
    case .unexpectedEnd: "the JSON text ends too early"
    case .unexpectedByte: "unexpected byte"
    case .invalidNumber: "invalid number"
    case .invalidEscape: "invalid escape in a string"
    case .loneSurrogate: "half a surrogate pair in a string"
    case .invalidUTF8: "not valid UTF-8"
    case .controlCharacter: "raw control character in a string"
    case .byteOrderMark: "byte order mark before the JSON text"
    case .duplicateKey: "an object has the same key twice"
    case .trailingBytes: "something follows the JSON value"
    case .tooDeep: "nested too deeply"
    case .tooManyKeys: "too many object members"
    case .tooManyValues: "too many values"
    case .stringTooLong: "a string is too long"
    case .numberTooLong: "a number is too long"
    case .tooLong: "the JSON text is too long"
    }
  }
}
