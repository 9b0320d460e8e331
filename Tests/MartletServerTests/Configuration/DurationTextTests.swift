import Testing

@testable import MartletServer

@Suite struct DurationTextTests {
  @Test(arguments: [
    ("500ms", Duration.milliseconds(500)), ("90s", .seconds(90)), ("2m", .seconds(120)), ("1h", .seconds(3600)),
    ("30d", .seconds(2_592_000)), ("0s", .zero),
  ])
  func readsWhatPeopleWrite(text: String, expected: Duration) {
    #expect(DurationText.parse(text) == expected)
    #expect(DurationText.parse(DurationText.write(expected)) == expected)
  }

  @Test(arguments: ["", "1", "s", "-1s", "+1s", "1.5h", "1 h", "1H", "1w", "١s", "9223372036854775807d", "1s "])
  func S_07_refusesWhatNobodyMeans(text: String) { #expect(DurationText.parse(text) == nil) }
}
