import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

/// No reader of a stranger's text works longer than in proportion to it (V-034).
struct LinearWorkTests {
  struct Reader: Sendable, CustomStringConvertible {
    let name: String
    let unit: String
    let read: @Sendable (String) -> Void

    var description: String { name }
  }

  /// 64 KiB of what each reader likes least: beginnings without an end, separators without a middle, repetitions.
  static let readers: [Reader] = [
    Reader(name: "JSON, opened arrays", unit: "[") { _ = try? JSONReader.parse(string: $0) },
    Reader(name: "JSON, keys", unit: #"{"a":"#) { _ = try? JSONReader.parse(string: $0) },
    Reader(name: "JSON, escapes", unit: #"\u0061"#) { _ = try? JSONReader.parse(string: "\"" + $0 + "\"") },
    Reader(name: "JSON, surrogates", unit: #"\ud83d\ude00"#) { _ = try? JSONReader.parse(string: "\"" + $0 + "\"") },
    Reader(name: "JSON, one number", unit: "9") { _ = try? JSONReader.parse(string: $0) },
    Reader(name: "form, separators", unit: "&=") { _ = try? FormParameters(parsing: $0) },
    Reader(name: "form, escapes", unit: "%41") { _ = try? FormParameters(parsing: "a=" + $0) },
    Reader(name: "plain text", unit: "ab é") { _ = PlainText.sanitized($0, limit: .max) },
    Reader(name: "plain text, hidden", unit: "\u{202E} \r\n") { _ = PlainText.sanitized($0, limit: .max) },
    Reader(name: "base64url", unit: "A") { _ = Base64URL.decode($0) },
    Reader(name: "media type", unit: "; charset=utf-8") { _ = MediaType.isJSON("application/json" + $0) },
    Reader(name: "challenge, quotes", unit: #"Bearer a="\""#) { _ = BearerChallenge(fields: [$0]) },
    Reader(name: "challenge, commas", unit: ", ") { _ = BearerChallenge(fields: [$0]) },
    Reader(name: "authorization", unit: "Bearer ") { _ = try? AuthorizationHeader.parse([$0]) },
    Reader(name: "scope", unit: "a b ") { _ = ScopeSet(tolerant: $0) },
    Reader(name: "URL, dots", unit: "a.") { _ = try? AbsoluteURL(parsing: "https://" + $0) },
    Reader(name: "URL, segments", unit: "/..") { _ = try? AbsoluteURL(parsing: "https://a" + $0) },
    Reader(name: "redirect URI", unit: "/a@") { _ = try? RedirectURI(registering: "https://a" + $0) },
    Reader(name: "token, dots", unit: ".") { _ = try? JSONWebSignature(compact: $0) },
    Reader(name: "verifier", unit: "a") { _ = try? CodeVerifier($0) },
  ]

  @Test(arguments: readers) func V_034_workGrowsWithTheText(_ reader: Reader) {
    let sizes = [16, 8 << 10, 64 << 10]
    let texts = Dictionary(uniqueKeysWithValues: sizes.map { ($0, Self.text(reader.unit, bytes: $0)) })
    let found = ThreadTime.growth(to: 64 << 10) { size in texts[size].map(reader.read) }
    #expect(found == nil, "8 KiB cost \(String(describing: found?.small)), 64 KiB \(String(describing: found?.large))")
  }

  /// The measure itself notices quadratic work.
  @Test func V_034_quadraticWorkIsNoticed() {
    let found = ThreadTime.growth(to: 64 << 10) { size in
      let numbers = Array(0..<size / 32)
      for number in numbers { _ = numbers.filter { $0 == number }.count }
    }
    #expect(found != nil)
  }

  private static func text(_ unit: String, bytes: Int) -> String {
    String(repeating: unit, count: max(1, bytes / unit.utf8.count))
  }
}
