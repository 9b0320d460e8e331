import MartletTestSupport
import StrictCoding
import Testing

@Suite struct JSONLimitsTests {
  @Test(arguments: [64, 65, 512, 513, 100_000, 1_000_000])
  func R_53_depth(depth: Int) {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let text = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      let code = failure(text, JSONLimits(totalBytes: .max))
      #expect(code == (depth > 64 ? .tooDeep : nil))
    }
  }

  @Test func R_53_unclosedNesting() {
    #expect(failure(String(repeating: "[", count: 200_000)) == .tooDeep)
    #expect(failure(String(repeating: "{\"a\":[", count: 100_000)) == .tooDeep)
  }

  @Test func R_53_askedDepthIsCapped() {
    #expect(JSONLimits(depth: 1_000_000).depth == 512)
    let text = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
    #expect(failure(text, JSONLimits(depth: 1_000_000)) == nil)
    #expect(failure("[\(text)]", JSONLimits(depth: 1_000_000)) == .tooDeep)
  }

  @Test func R_53_keysStringsNumbersValues() {
    func object(_ count: Int) -> String {
      "{" + (0..<count).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
    }
    #expect(failure(object(10_000)) == nil)
    #expect(failure(object(10_001)) == .tooManyKeys)
    #expect(failure("[\(object(6_000)),\(object(6_000))]") == .tooManyKeys)
    let string = String(repeating: "a", count: 1024 * 1024)
    #expect(failure("\"\(string)\"") == nil)
    #expect(failure("\"\(string)a\"") == .stringTooLong)
    #expect(failure("\"\\n\(string)\"") == .stringTooLong)
    #expect(failure(String(repeating: "9", count: 1024)) == nil)
    #expect(failure(String(repeating: "9", count: 1025)) == .numberTooLong)
    #expect(failure("[" + String(repeating: "0,", count: 250_000) + "0]") == .tooManyValues)
    #expect(failure(String(repeating: " ", count: 4 * 1024 * 1024) + "1") == .tooLong)
  }

  @Test func R_53_manyKeysAreNotQuadratic() throws {
    let text = "{" + (0..<10_000).map { "\"key-number-\($0)\":0" }.joined(separator: ",") + "}"
    let duration = try ThreadTime.measure { _ = try JSONReader.parse(string: text) }
    // A debug build takes a tenth of that; quadratic work would take minutes.
    #expect(duration < .seconds(5))
  }

  private func failure(_ text: String, _ limits: JSONLimits = .default) -> JSONError.Code? {
    do throws(JSONError) {
      _ = try JSONReader.parse(string: text, limits: limits)
      return nil
    } catch {
      return error.code
    }
  }
}
