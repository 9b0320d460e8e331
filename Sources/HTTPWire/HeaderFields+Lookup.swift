extension HeaderFields {
  /// How many fields there are.
  public var count: Int { entries.count }

  /// The fields, each as text.
  public var fields: [(name: String, value: String)] { entries.map { (text($0.name), text($0.value)) } }

  /// The fields whose names begin with some bytes, each as text.
  ///
  /// - Parameter prefix: Lower case.
  public func fields(startingWith prefix: StaticString) -> [(name: String, value: String)] {
    var found: [(name: String, value: String)] = []
    for entry in entries where begins(entry, with: prefix) { found.append((text(entry.name), text(entry.value))) }
    return found
  }

  /// The first value of a field; bytes that are not UTF-8 are repaired.
  public func first(_ field: KnownField) -> String? {
    for entry in entries where entry.known == field { return text(entry.value) }
    return nil
  }

  /// The first value of a field, as it came.
  public func bytes(of field: KnownField) -> ArraySlice<UInt8>? {
    for entry in entries where entry.known == field { return bytes[entry.value] }
    return nil
  }

  /// Every value of a field, in order.
  public func values(_ field: KnownField) -> [String] {
    switch count(field) {
    case 0: []
    case 1: first(field).map { [$0] } ?? []
    default: entries.filter { $0.known == field }.map { text($0.value) }
    }
  }

  /// How often a field came.
  public func count(_ field: KnownField) -> Int {
    var count = 0
    for entry in entries where entry.known == field { count += 1 }
    return count
  }

  /// The first value of a field and how often it came, by one look at the fields.
  public func tally(_ field: KnownField) -> (first: String?, count: Int) {
    var (place, count): (Range<Int>?, Int) = (nil, 0)
    for entry in entries where entry.known == field {
      if count == 0 { place = entry.value }
      count += 1
    }
    return (place.map { text($0) }, count)
  }

  /// The first value of a field.
  ///
  /// - Parameter name: Lower case.
  public func first(_ name: String) -> String? {
    let wanted = Wanted(name)
    for entry in entries where matches(entry, wanted) { return text(entry.value) }
    return nil
  }

  /// Every value of a field, in order.
  ///
  /// - Parameter name: Lower case.
  public func values(_ name: String) -> [String] {
    let wanted = Wanted(name)
    var found: [String] = []
    for entry in entries where matches(entry, wanted) { found.append(text(entry.value)) }
    return found
  }

  /// How often a field came.
  ///
  /// - Parameter name: Lower case.
  public func count(_ name: String) -> Int {
    let wanted = Wanted(name)
    var count = 0
    for entry in entries where matches(entry, wanted) { count += 1 }
    return count
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private func matches(_ entry: Entry, _ wanted: Wanted) -> Bool {
    if let field = wanted.field { return entry.known == field }
    return entry.known == nil && bytes[entry.name].elementsEqual(wanted.name.utf8)
  }

  private func begins(_ entry: Entry, with prefix: StaticString) -> Bool {
    guard entry.name.count >= prefix.utf8CodeUnitCount else { return false }
    return prefix.withUTF8Buffer { wanted in
      for index in wanted.indices where bytes[entry.name.lowerBound + index] != wanted[index] { return false }
      return true
    }
  }

  /// A name that is looked for.
  private struct Wanted {
    let name: String
    let field: KnownField?

    init(_ name: String) {
      self.name = name
      field =
        name.utf8.withContiguousStorageIfAvailable { utf8 in
          let span = Span(_unsafeElements: utf8)
          return KnownFieldTable.shared.field(span, 0, span.count)
        } ?? KnownField(rawValue: name)
    }
  }
}
