/// A document as a browser's tokenizer sees it: tags with attribute names, without values and text. What a stranger
/// wrote must never change it.
struct HTMLStructure: Equatable, CustomStringConvertible {
  struct Tag: Equatable {
    var name: String
    var attributes: [(name: String, value: String)]

    static func == (left: Tag, right: Tag) -> Bool {
      left.name == right.name && left.attributes.map(\.name) == right.attributes.map(\.name)
    }
  }

  let tags: [Tag]

  init(_ html: [UInt8]) {
    var tags: [Tag] = []
    var rest = html[...]
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      rest = rest[(start + 1)...]
      // WHATWG: `<` opens a tag only before a letter, `/`, `!` or `?`.
      guard let next = rest.first, Self.isLetter(next) || "/!?".utf8.contains(next) else { continue }
      tags.append(Self.tag(&rest))
    }
    self.tags = tags
  }

  func all(_ name: String) -> [Tag] { tags.filter { $0.name == name } }

  func values(_ attribute: String) -> [String] {
    tags.flatMap { $0.attributes.filter { $0.name == attribute }.map(\.value) }
  }

  var description: String { tags.map { "<\($0.name) \($0.attributes.map(\.name))>" }.joined() }

  private static func tag(_ rest: inout ArraySlice<UInt8>) -> Tag {
    let name = word(&rest)
    var tag = Tag(name: name, attributes: [])
    while let byte = rest.first, byte != UInt8(ascii: ">") {
      if isSpace(byte) || byte == UInt8(ascii: "/") {
        rest = rest.dropFirst()
        continue
      }
      let attribute = word(&rest)
      if attribute.isEmpty {
        rest = rest.dropFirst()
        continue
      }
      tag.attributes.append((attribute, value(&rest)))
    }
    rest = rest.dropFirst()
    return tag
  }

  private static func value(_ rest: inout ArraySlice<UInt8>) -> String {
    guard rest.first == UInt8(ascii: "=") else { return "" }
    rest = rest.dropFirst()
    guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return word(&rest) }
    rest = rest.dropFirst()
    let value = rest.prefix { $0 != quote }
    rest = rest[value.endIndex...].dropFirst()
    return String(decoding: value, as: UTF8.self)
  }

  private static func word(_ rest: inout ArraySlice<UInt8>) -> String {
    let word = rest.enumerated().prefix { index, byte in
      !isSpace(byte) && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "=")
        && (index == 0 || byte != UInt8(ascii: "/"))
    }
    rest = rest.dropFirst(Array(word).count)
    return String(decoding: word.map(\.element), as: UTF8.self)
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0C, 0x0D].contains(byte) }
}
