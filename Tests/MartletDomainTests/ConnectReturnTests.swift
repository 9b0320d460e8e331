import MartletDomain
import Testing

@Suite struct ConnectReturnTests {
  @Test func V_026_aPageSurvivesALogin() throws {
    for page in [
      ConnectReturn(server: "time", ticket: nil), ConnectReturn(server: "a-1", ticket: "mct_aZ09-_"),
    ] {
      #expect(ConnectReturn(transaction: page.transaction.string) == page)
    }
    #expect(ConnectReturn(server: "time", ticket: "a b").path == "/connect/time")
    #expect(ConnectReturn(server: "time", ticket: "mct_x").path == "/connect/time?ticket=mct_x")
  }

  @Test(arguments: [
    "", "connect", "connect:time", "connect::", "connect:Time:", "connect:..:", "connect:a/b:", "connect:a:b:c",
    "connect://evil.example", "Connect:time:", "login:time:", "connect:time\n:", "connect:t\u{e9}:",
  ])
  func V_026_nothingElseIsAPage(text: String) { #expect(ConnectReturn(transaction: text) == nil) }

  @Test(arguments: ["../../evil", "a?b", "a&b=c", "a%2F", "\u{e9}", "a b", "//evil.example"])
  func V_026_ticketsHoldNothingThatLeadsElsewhere(ticket: String) {
    #expect(ConnectReturn(transaction: "connect:time:\(ticket)")?.path ?? "/connect/time" == "/connect/time")
  }
}
