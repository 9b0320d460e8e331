import MartletDomain
import Testing

@testable import MartletServer

@Suite struct PageEscapingTests {
  private let renderer: PageRenderer

  init() throws { renderer = try PageRenderer(origin: "http://127.0.0.1:8080") }

  @Test func V_062_noTextBecomesMarkup() {
    let plain = PageExamples.all("plain").map { HTMLStructure(renderer.render($0).html) }
    #expect(HostileText.all.count >= 300)
    for text in HostileText.all {
      for (page, expected) in zip(PageExamples.all(text), plain) {
        let structure = HTMLStructure(renderer.render(page).html)
        #expect(structure == expected, "\(text.debugDescription)")
      }
    }
  }

  /// The check above can fail: escaping by `Character` lets a quote with a mark after it through.
  @Test func escapingByCharacterWouldNotDo() {
    func document(_ text: String) -> HTMLStructure { HTMLStructure(Array("<p title=\"\(text)\">".utf8)) }
    let escapes: [Character: String] = ["<": "&lt;", ">": "&gt;", "&": "&amp;", "\"": "&quot;", "'": "&#39;"]
    let broken = HostileText.all.filter { text in
      document(text.map { escapes[$0] ?? String($0) }.joined()) != document("plain")
    }
    #expect(!broken.isEmpty)
    #expect(HostileText.all.allSatisfy { document(HTMLText().escapeText($0)) == document("plain") })
  }

  @Test func V_021_hiddenFieldsComeBackAsTheyWere() throws {
    for text in HostileText.all where !text.unicodeScalars.contains("\r") && !text.unicodeScalars.contains("\0") {
      let page = PageExamples.consent(
        LoginPrompt(clientName: "a", clientHost: nil, redirectHost: "b"), text, choices: 1, remembered: false,
        toThisDevice: false)
      let html = HTMLStructure(renderer.render(page).html)
      let field = try #require(
        html.all("input").first { $0.attributes.contains { $0.name == "name" && $0.value == "csrf" } })
      let value = try #require(field.attributes.first { $0.name == "value" }?.value)
      #expect(Self.unescaped(value) == Array(text.utf8))
    }
  }

  @Test func V_103_namesCanNotReorderOrHideText() {
    let name = "Goo\u{202E}elg\u{200B}\u{2066}\u{E0041}\u{FEFF}"
    for page in PageExamples.all(name) {
      let html = renderer.render(page).html
      let visible = Self.withoutFields(html)
      let hidden: [UInt32] = [0x202E, 0x200B, 0x2066, 0xE0041, 0xFEFF]
      #expect(!visible.unicodeScalars.contains { hidden.contains($0.value) })
    }
  }

  @Test func V_103_longNamesAreCut() {
    let name = String(repeating: "m", count: 50_000)
    for page in PageExamples.all(name) {
      #expect(Self.withoutFields(renderer.render(page).html).utf8.count < 12_000)
    }
  }

  @Test func aTemplateErrorIsNoPossibility() throws {
    for page in PageExamples.all("x") {
      let html = String(decoding: renderer.render(page).html, as: UTF8.self)
      #expect(html.hasPrefix("<!doctype html>"))
      #expect(!html.contains("{{") && !html.contains("}}"))
    }
  }

  /// The document without hidden fields and choices, whose values are ours.
  private static func withoutFields(_ html: [UInt8]) -> String {
    String(decoding: html, as: UTF8.self).split(separator: "\n").filter { !$0.contains("<input") }.joined(
      separator: "\n")
  }

  /// Byte by byte: a quote and the mark after it are one `Character`.
  private static func unescaped(_ text: String) -> [UInt8] {
    let names: [(String, UInt8)] = [
      ("&lt;", 0x3C), ("&gt;", 0x3E), ("&quot;", 0x22), ("&#39;", 0x27), ("&#96;", 0x60), ("&amp;", 0x26),
    ]
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.first {
      let found = names.first { rest.starts(with: $0.0.utf8) }
      bytes.append(found?.1 ?? byte)
      rest = rest.dropFirst(found?.0.utf8.count ?? 1)
    }
    return bytes
  }
}
