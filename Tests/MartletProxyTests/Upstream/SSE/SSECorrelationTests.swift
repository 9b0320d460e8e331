import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

@Suite struct SSECorrelationTests {
  private func message(_ json: String) throws -> MCPMessage { try MCPMessage.parse(Array(json.utf8)) }

  private func request(_ id: JSONRPCID, token: JSONRPCID? = nil) -> MCPRequest {
    var metadata = JSONObject()
    metadata["progressToken"] = token?.json
    return MCPRequest(id: id, method: .toolsCall, params: ["name": "t", "_meta": .object(metadata)])
  }

  private func pending(_ calls: [(SSECallNumber, JSONRPCID, JSONRPCID?)]) -> SSECorrelation {
    var correlation = SSECorrelation()
    for (number, id, token) in calls { _ = correlation.began(request(id, token: token), as: number) }
    return correlation
  }

  private static let asked = #"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#
  private static let log = #"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#
  private static let changed = #"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#

  @Test func V_013_aResponseIsMatchedByItsIDBytewise() throws {
    let correlation = pending([(1, .number(1), nil), (2, .string("1"), nil), (3, .string("e\u{301}"), nil)])
    let cases: [(String, SSECorrelation.Destination)] = [
      (#"{"jsonrpc":"2.0","id":1,"result":{}}"#, .answer(1)),
      (#"{"jsonrpc":"2.0","id":"1","result":{}}"#, .answer(2)),
      ("{\"jsonrpc\":\"2.0\",\"id\":\"e\u{301}\",\"result\":{}}", .answer(3)),
      ("{\"jsonrpc\":\"2.0\",\"id\":\"\u{e9}\",\"result\":{}}", .stray),
      (#"{"jsonrpc":"2.0","id":2,"result":{}}"#, .stray),
      (#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}"#, .stray),
    ]
    for (json, expected) in cases { #expect(correlation.destination(of: try message(json)) == expected, "\(json)") }
  }

  @Test func V_013_anIDIsTakenUntilItsCallHasEnded() {
    var correlation = pending([(1, .number(7), nil)])
    let isTaken = !correlation.began(request(.number(7)), as: 2)
    #expect(isTaken)
    #expect(correlation.count == 1)
    correlation.ended(1)
    let isFree = correlation.began(request(.number(7)), as: 2)
    #expect(isFree)
  }

  @Test func V_013_progressGoesWithItsTokenAndNeverElsewhere() throws {
    var correlation = pending([(1, .number(1), .string("a")), (2, .number(2), .number(1))])
    func progress(_ token: String) throws -> SSECorrelation.Destination {
      correlation.destination(
        of: try message(
          #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(token),"progress":1}}"#))
    }
    #expect(try progress("\"a\"") == .call(1))
    #expect(try progress("1") == .call(2))
    #expect(try progress("\"1\"") == .stray)
    correlation.ended(1)
    #expect(try progress("\"a\"") == .stray, "not on the stream of the one call that is left")
    correlation.hasListener = true
    #expect(try progress("\"a\"") == .listener)
  }

  @Test(arguments: [asked, log])
  func whatAServerSaysWhileItWorksOnOneThingIsAboutThat(json: String) throws {
    var correlation = pending([(1, .number(1), nil)])
    correlation.hasListener = true
    #expect(correlation.destination(of: try message(json)) == .call(1))
    _ = correlation.began(request(.number(2)), as: 2)
    #expect(correlation.destination(of: try message(json)) == .listener)
    correlation.hasListener = false
    #expect(correlation.destination(of: try message(json)) == .call(1), "the oldest")
    correlation.ended(1)
    correlation.ended(2)
    #expect(correlation.destination(of: try message(json)) == .nobody)
  }

  @Test(arguments: [asked, log])
  func V_013_whatCouldBeAnothersIsNotGuessedInASharedSession(json: String) throws {
    var correlation = pending([(1, .number(1), nil), (2, .number(2), nil)])
    correlation.isShared = true
    #expect(correlation.destination(of: try message(json)) == .unclear)
    correlation.hasListener = true
    #expect(correlation.destination(of: try message(json)) == .listener, "which asks nobody")
    correlation.hasListener = false
    correlation.ended(1)
    #expect(correlation.destination(of: try message(json)) == .call(2))
    correlation.ended(2)
    #expect(correlation.destination(of: try message(json)) == .nobody)
  }

  @Test func whatIsAboutTheServerGoesToTheOpenStream() throws {
    var correlation = pending([(1, .number(1), nil)])
    #expect(correlation.destination(of: try message(Self.changed)) == .call(1))
    correlation.hasListener = true
    #expect(correlation.destination(of: try message(Self.changed)) == .listener)
    correlation.ended(1)
    correlation.hasListener = false
    #expect(correlation.destination(of: try message(Self.changed)) == .nobody)
  }

  @Test func theBacklogIsBoundedByCountAndBytes() {
    var backlog = SSEBacklog()
    for n in 0..<GatewayLimits.sseBacklog {
      let dropped = backlog.keep([UInt8(n)], request: n == 1 ? .number(1) : nil)
      #expect(dropped.isEmpty)
    }
    let first = backlog.keep([0xFF], request: nil)
    #expect(first.isEmpty, "it was no request")
    let second = backlog.keep([0xFF], request: nil)
    #expect(second == [.number(1)])
    let oldest = backlog.next()
    #expect(oldest == [2])
  }

  @Test func theBacklogIsBoundedByBytesToo() {
    var backlog = SSEBacklog()
    _ = backlog.keep([1], request: .number(1))
    let dropped = backlog.keep(Array(repeating: 0, count: GatewayLimits.sseBacklogBytes), request: .string("big"))
    #expect(dropped == [.number(1)])
    let kept = backlog.next()
    #expect(kept?.count == GatewayLimits.sseBacklogBytes)
    let tooLarge = backlog.keep(
      Array(repeating: 0, count: GatewayLimits.sseBacklogBytes + 1), request: .string("bigger"))
    #expect(tooLarge == [.string("bigger")])
    let nothing = backlog.next()
    #expect(nothing == nil)
  }
}
