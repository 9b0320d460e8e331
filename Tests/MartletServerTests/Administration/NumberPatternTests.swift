import Testing

@testable import MartletServer

@Suite struct NumberPatternTests {
  @Test func patternsSayWhichNumbersFit() {
    #expect(NumberPattern.numbers(0...7) == "[0-7]")
    #expect(NumberPattern.numbers(1...30) == "[1-9]|[1-2][0-9]{1}|30")
    #expect(NumberPattern.numbers(0...365) == "0|[1-9][0-9]{0,1}|[1-2][0-9]{2}|3[0-5][0-9]{1}|36[0-4]|365")
  }
}
