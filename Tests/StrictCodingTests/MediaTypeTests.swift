import StrictCoding
import Testing

struct MediaTypeTests {
  @Test(arguments: [
    "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
    " application/json ",
    "application/json ; charset=\"utf-8\"", "\tapplication/json",
  ])
  func V_011_jsonIsJSON(text: String) { #expect(MediaType.isJSON(text)) }

  @Test(arguments: [
    nil, "", "text/plain", "application/json;x", "application/json; x=y", "application/jsonx", "xapplication/json",
    "application/json, text/plain",
    "text/plain; a=application/json", "application/json-rpc", "application/x-www-form-urlencoded",
    "multipart/form-data", "application/json;",
    "application/json; charset=utf-16", "application/json\u{0B}", "application/\u{17F}on", "*/*",
    "application/json charset=utf-8",
  ])
  func V_011_nothingElseIs(text: String?) { #expect(!MediaType.isJSON(text)) }

  @Test func upstreamsMayAddParameters() {
    #expect(MediaType.isJSONAnswer("application/json; odata=verbose"))
    #expect(MediaType.isEventStream("text/event-stream;charset=utf-8"))
    #expect(!MediaType.isEventStream("text/event-streams"))
    #expect(!MediaType.isJSONAnswer("text/html; x=application/json"))
    #expect(!MediaType.isJSONAnswer(nil))
  }

  @Test func formsAreForms() {
    for form in ["application/x-www-form-urlencoded", " Application/X-WWW-Form-Urlencoded ; charset=utf-8"] {
      #expect(MediaType.isForm(form))
    }
    for other in [
      nil, "", "text/plain; x=application/x-www-form-urlencoded", "application/x-www-form-urlencoded, text/plain",
      "application/x-www-form-urlencodeds", "application/x-www-form-\u{212A}urlencoded", "multipart/form-data",
    ] as [String?] {
      #expect(!MediaType.isForm(other))
    }
  }
}
