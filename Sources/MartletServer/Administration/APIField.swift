import MartletDomain
import StrictCoding

/// One member of a request's body or query: what it may hold is checked by the same declaration that documents it.
struct APIField: Sendable {
  /// What a field may hold.
  enum Kind: Sendable {
    /// Text of at most so many characters.
    case text(Int)
    /// Text of so many characters.
    case secret(ClosedRange<Int>)
    /// Text that must look like something.
    case word(APIWord)
    /// A duration such as `30d`.
    case duration(ClosedRange<Duration>)
    /// A list of texts, each of at most so many characters.
    case texts(Int)
    /// A list of texts that must look like something.
    case words(APIWord)
    /// A list of some words.
    case choices([String])
    /// True or false.
    case flag
    /// An object whose members are looked at elsewhere.
    case object
    /// A whole number.
    case count(ClosedRange<Int64>)
    /// One of some words.
    case choice([String])
  }

  let name: String
  let kind: Kind
  let isRequired: Bool
  let words: String

  init(_ name: String, _ kind: Kind, required: Bool = false, _ words: String) {
    self.name = name
    self.kind = kind
    isRequired = required
    self.words = words
  }

  /// The field in JSON Schema (2020-12).
  var schema: JSONValue {
    var schema: JSONObject
    switch kind {
    case .text(let limit): schema = Self.text(1...limit)
    case .secret(let range): schema = Self.text(range)
    case .word(let word): schema = word.schema
    case .duration(let range):
      schema = APIWord.duration(range).schema
      schema["examples"] = ["1d"]
    case .texts(let limit): schema = Self.list(of: Self.text(1...limit))
    case .words(let word): schema = Self.list(of: word.schema)
    case .choices(let words): schema = Self.list(of: ["type": "string", "enum": .array(words.map { .string($0) })])
    case .flag: schema = ["type": "boolean"]
    case .object: schema = ["type": "object"]
    case .count(let range):
      schema = ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    case .choice(let words): schema = ["type": "string", "enum": .array(words.map { .string($0) })]
    }
    schema["description"] = .string(words)
    return .object(schema)
  }

  private static func text(_ range: ClosedRange<Int>) -> JSONObject {
    [
      "type": "string", "pattern": "^[^\\x00]*$", "minLength": .integer(Int64(range.lowerBound)),
      "maxLength": .integer(Int64(range.upperBound)),
    ]
  }

  private static func list(of items: JSONObject) -> JSONObject {
    ["type": "array", "items": .object(items), "minItems": 1, "maxItems": 100]
  }

  /// Whether a value may stand here.
  func accepts(_ value: JSONValue) -> Bool {
    switch kind {
    case .text(let limit): Self.isText(value, 1...limit)
    case .secret(let range): Self.isText(value, range)
    case .word(let word): value.stringValue.map(word.accepts) ?? false
    case .duration(let range): value.stringValue.map(APIWord.duration(range).accepts) ?? false
    case .texts(let limit): Self.isList(value) { Self.isText($0, 1...limit) }
    case .words(let word): Self.isList(value) { $0.stringValue.map(word.accepts) ?? false }
    case .choices(let words): Self.isList(value) { Self.isOne($0, of: words) }
    case .flag: value.boolValue != nil
    case .object: value.objectValue != nil
    case .count(let range): value.int64Value.map { range.contains($0) } ?? false
    case .choice(let words): Self.isOne(value, of: words)
    }
  }

  /// JSON Schema counts characters, which are Unicode scalars. No query can hold NUL, and no body needs to.
  private static func isText(_ value: JSONValue, _ range: ClosedRange<Int>) -> Bool {
    value.stringValue.map { range.contains($0.unicodeScalars.count) && !$0.utf8.contains(0) } ?? false
  }

  private static func isList(_ value: JSONValue, where isFitting: (JSONValue) -> Bool) -> Bool {
    value.arrayValue.map { (1...100).contains($0.count) && $0.allSatisfy(isFitting) } ?? false
  }

  private static func isOne(_ value: JSONValue, of words: [String]) -> Bool {
    value.stringValue.map { text in words.contains { $0.equalsBytewise(text) } } ?? false
  }
}
