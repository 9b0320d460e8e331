import Crypto
import StrictCoding

extension JSONValue {
  /// The same value with the keys of every object in byte order, for comparing what two requests say.
  var canonical: JSONValue {
    switch self {
    case .object(let object):
      .object(
        JSONObject(
          object.members.sorted { ByteString($0.key) < ByteString($1.key) }.map { ($0.key, $0.value.canonical) }))
    case .array(let elements): .array(elements.map { $0.canonical })
    case .null, .bool, .number, .string: self
    }
  }

  /// SHA-256 of the canonical form.
  var canonicalDigest: [UInt8] { SHA256.hash(data: JSONWriter.write(canonical)).withUnsafeBytes { Array($0) } }
}

extension JSONObject {
  /// The object as a value; nothing where it has no member.
  var valueUnlessEmpty: JSONValue? {
    if isEmpty { return Optional.none }
    return .object(self)
  }
}
