import MartletDomain
import StrictCoding

/// One member of a request's body or query: what it may hold is checked by the same declaration that documents it.
struct APIField: Sendable {
  /// What a field may hold.
  enum Kind: Sendable {
    /// Text of at most so many bytes.
    case text(Int)
    /// A duration such as `30d`.
    case duration
    /// A list of texts.
    case texts
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
    case .text(let limit): schema = ["type": "string", "minLength": 1, "maxLength": .integer(Int64(limit))]
    case .duration: schema = ["type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$", "examples": ["30d"]]
    case .texts: schema = ["type": "array", "items": ["type": "string"], "minItems": 1, "maxItems": 100]
    case .flag: schema = ["type": "boolean"]
    case .object: schema = ["type": "object"]
    case .count(let range):
      schema = ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    case .choice(let words): schema = ["type": "string", "enum": .array(words.map { .string($0) })]
    }
    schema["description"] = .string(words)
    return .object(schema)
  }

  /// Whether a value may stand here.
  func accepts(_ value: JSONValue) -> Bool {
    switch kind {
    case .text(let limit): value.stringValue.map { (1...limit).contains($0.utf8.count) } ?? false
    case .duration: value.stringValue.flatMap { DurationText.parse($0) } != nil
    case .texts:
      value.arrayValue.map { (1...100).contains($0.count) && $0.allSatisfy { $0.stringValue != nil } } ?? false
    case .flag: value.boolValue != nil
    case .object: value.objectValue != nil
    case .count(let range): value.int64Value.map { range.contains($0) } ?? false
    case .choice(let words): value.stringValue.map { text in words.contains { $0.equalsBytewise(text) } } ?? false
    }
  }
}
