import Mustache

/// Escapes text for HTML scalar by scalar.
///
/// Mustache's own escaping compares `Character`s, and a quote with a combining mark after it is another `Character`: it
/// would pass unescaped and end an attribute (V-021).
struct HTMLText: MustacheContentType {
  static let name = "MARTLET_HTML"

  func escapeText(_ text: String) -> String {
    var escaped: [UInt8] = []
    escaped.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "<"): escaped += "&lt;".utf8
      case UInt8(ascii: ">"): escaped += "&gt;".utf8
      case UInt8(ascii: "&"): escaped += "&amp;".utf8
      case UInt8(ascii: "\""): escaped += "&quot;".utf8
      case UInt8(ascii: "'"): escaped += "&#39;".utf8
      case UInt8(ascii: "`"): escaped += "&#96;".utf8
      default: escaped.append(byte)
      }
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}
