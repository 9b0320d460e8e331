import StrictCoding

/// Typed access to the members of another server's metadata. Null counts as absent.
struct MetadataFields {
  let object: JSONObject

  init(_ json: JSONValue) throws(MetadataError) {
    guard let object = json.objectValue else { throw .notAnObject }
    self.object = object
  }

  func string(_ name: String) throws(MetadataError) -> String? {
    guard let value = object[name], value != .null else { return nil }
    guard let text = value.stringValue else { throw .malformed(name) }
    return text.isEmpty ? nil : text
  }

  /// An http(s) URL, checked but kept as it came. Whether it may be fetched is the fetcher's decision.
  func url(_ name: String) throws(MetadataError) -> String? {
    guard let text = try string(name) else { return nil }
    guard let url = try? AbsoluteURL(parsing: text), url.fragment == nil else { throw .malformed(name) }
    return text
  }

  func required(_ value: String?, _ name: String) throws(MetadataError) -> String {
    guard let value else { throw .missing(name) }
    return value
  }

  func strings(_ name: String) throws(MetadataError) -> [String]? {
    guard let value = object[name], value != .null else { return nil }
    guard let array = value.arrayValue, array.count <= 1000 else { throw .malformed(name) }
    var strings: [String] = []
    for element in array {
      guard let text = element.stringValue else { throw .malformed(name) }
      strings.append(text)
    }
    return strings
  }

  /// Anything but a true `true` is false: a flag in quotes must not switch on a check's opposite.
  func flag(_ name: String) -> Bool { object[name]?.boolValue ?? false }
}
