import MartletDomain
import Testing

/// W3C Trace Context, §3.2 and §4.3.
@Suite struct TraceContextTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let parent = "00f067aa0ba902b7"

  @Test func theTraceGoesOnWithASpanOfOurs() throws {
    let context = try #require(TraceContext("00-\(Self.trace)-\(Self.parent)-01"))
    #expect((context.trace, context.parent, context.flags) == (Self.trace, Self.parent, "01"))
    #expect(context.continued(by: [0, 1, 2, 3, 4, 5, 6, 255]) == "00-\(Self.trace)-00010203040506ff-01")
    #expect(TraceContext("cc-\(Self.trace)-\(Self.parent)-01-later")?.trace == Self.trace, "read as version 00")
  }

  @Test(arguments: [
    "", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-01-more", "ff-\(trace)-\(parent)-01",
    "00-\(trace.uppercased())-\(parent)-01", "00-00000000000000000000000000000000-\(parent)-01",
    "00-\(trace)-0000000000000000-01", "00-\(trace)-\(parent)-0g", "00_\(trace)_\(parent)_01",
    "cc-\(trace)-\(parent)-01later", " 00-\(trace)-\(parent)-01",
  ])
  func whatIsNotValidIsIgnored(_ text: String) { #expect(TraceContext(text) == nil) }

  @Test(arguments: [("a=b", true), ("", false), ("nothing", false), ("a=b\u{7F}", false)])
  func statesArePlausible(_ text: String, _ isPlausible: Bool) {
    #expect(TraceContext.isPlausible(state: text) == isPlausible)
  }
}
