import Logging
import MartletDomain
import MartletTestSupport
import StrictCoding
import Synchronization
import Testing

@testable import MartletServer

@Suite struct LineLogHandlerTests {
  private final class Lines: Sendable {
    let bytes = Mutex<[[UInt8]]>([])
  }

  private static let hostile = [
    "a\r\nb", "a\nb", "a\rb", "a\u{85}b", "a\u{2028}b", "\u{1B}[31mred", "\u{202E}evil", "\",\"level\":\"error",
    "a\u{0}b",
    "\u{200B}", "{{}}", "a\\", String(repeating: "x", count: 100_000),
  ]

  @Test(arguments: Configuration.LogFormat.allCases)
  func A_11_oneEventIsOneLine(format: Configuration.LogFormat) throws {
    for text in Self.hostile {
      let line = try #require(
        logged(format, message: "\(text)", [text: "\(text)", "b": ["\(text)"], "c": [text: "d"]]))
      #expect(line.last == 0x0A && line.filter { $0 == 0x0A }.count == 1)
      #expect(!line.dropLast().contains { $0 < 0x20 || $0 == 0x7F })
      #expect(
        !String(decoding: line, as: UTF8.self).unicodeScalars.contains { [0x202E, 0x2028, 0x85].contains($0.value) })
      if format == .json { #expect(throws: Never.self) { try JSONReader.parse(line.dropLast()) } }
    }
  }

  @Test func jsonHoldsEverythingOnce() throws {
    let line = try #require(logged(.json, message: "hello", ["level": "mine", "n": .stringConvertible(3)]))
    let value = try JSONReader.parse(line.dropLast())
    #expect(value["message"]?.stringValue == "hello")
    #expect(value["level"]?.stringValue == "warning")
    #expect(value["metadata_level"]?.stringValue == "mine")
    #expect(value["n"]?.stringValue == "3")
    #expect(value["time"]?.stringValue == "2026-07-28T09:30:00.125Z")
  }

  @Test func textIsForPeople() throws {
    let line = try #require(logged(.text, message: "hello you", ["a": "x", "b": "y z"]))
    #expect(String(decoding: line, as: UTF8.self) == "2026-07-28T09:30:00.125Z WARNING hello you a=x b=\"y z\"\n")
  }

  @Test(arguments: Configuration.LogFormat.allCases)
  func A_09_secretsAreRedactedByType(format: Configuration.LogFormat) throws {
    let secret = Secret("hunter2")
    let line = try #require(logged(format, message: "\(secret)", ["a": .stringConvertible(secret), "b": "\(secret)"]))
    let text = String(decoding: line, as: UTF8.self)
    #expect(!text.contains("hunter2"))
    #expect(text.contains("‹redacted›"))
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_785_231_000_125, "2026-07-28T09:30:00.125Z"),
      (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (Int64.min, "0001-01-01T00:00:00.000Z"),
      (Int64.max, "9999-12-31T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func timesAreRFC3339(milliseconds: Int64, expected: String) {
    #expect(Timestamp(milliseconds: milliseconds).text == expected)
  }

  private func logged(
    _ format: Configuration.LogFormat, message: Logger.Message, _ metadata: Logger.Metadata
  ) -> [UInt8]? {
    let lines = Lines()
    let clock = FakeClock(Timestamp(milliseconds: 1_785_231_000_125))
    let handler = LineLogHandler(label: "test", format: format, logLevel: .debug, clock: clock) { line in
      lines.bytes.withLock { $0.append(line) }
    }
    var logger = Logger(label: "test") { _ in handler }
    logger.logLevel = .debug
    logger.warning(message, metadata: metadata)
    return lines.bytes.withLock { $0.count == 1 ? $0[0] : nil }
  }
}
