import MCPProtocol
import StrictCoding
import Testing

@Suite struct MCPPayloadTests {
  static let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
  static let call = #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"x"}}"#
  static let note = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
  static let answer = #"{"jsonrpc":"2.0","id":3,"result":{}}"#

  @Test(arguments: [
    "[]", "[\(ping)]", "[\(ping),\(call)]", " \r\n\t[\(call)]", "\u{FEFF}[\(call)]", "[[\(call)]]", "[1]", "[null]",
    "[\(note)]", "[\(ping),1]",
  ])
  func V_027_arraysAreRefused(text: String) {
    #expect(code(text, allowsBatches: false) == .invalidRequest)
    #expect(throws: MCPMessageError.self) { try MCPMessage.parse(Array(text.utf8)) }
  }

  @Test func V_027_batchesWhereTheRevisionHasThem() throws {
    let text = "[\(Self.ping),\(Self.call),\(Self.note)]"
    let payload = try MCPPayload.parse(Array(text.utf8), allowsBatches: true)
    guard case .batch(let messages) = payload else {
      Issue.record("no batch")
      return
    }
    #expect(messages.map(\.method) == [.ping, .toolsCall, .initialized])
    #expect(try MCPPayload.parse(Array("[\(Self.answer)]".utf8), allowsBatches: true).messages.count == 1)
    #expect(
      try MCPPayload.parse(Array(Self.ping.utf8), allowsBatches: true)
        == .single(MCPMessage.parse(Array(Self.ping.utf8))))
  }

  @Test(arguments: [
    "[]", "[[\(ping)]]", "[\(ping),[]]", "[1]", "[\(ping),\(ping)]", "[\(ping),\(answer)]",
    #"[{"jsonrpc":"2.0","id":9,"method":"initialize","params":{}}]"#, "\u{FEFF}[\(ping)]",
  ])
  func V_027_badBatches(text: String) {
    #expect(code(text, allowsBatches: true) == .invalidRequest)
  }

  @Test func V_027_batchSize() throws {
    func batch(_ count: Int) -> String {
      "[" + (0..<count).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"ping"}"# }.joined(separator: ",") + "]"
    }
    #expect(try MCPPayload.parse(Array(batch(50).utf8), allowsBatches: true).messages.count == 50)
    #expect(code(batch(51), allowsBatches: true) == .invalidRequest)
  }

  @Test(arguments: [
    #"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}"#,
    #"{"jsonrpc":"2.0","id":1,"method":"tools/list","\u006dethod":"tools/call"}"#,
    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","name":"unsafe"}}"#,
    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1,"x":2}}}"#,
  ])
  func V_028_duplicateKeys(text: String) {
    #expect(code(text, allowsBatches: false) == .invalidRequest)
  }

  @Test func tooLongBodiesAreToldApart() {
    let text = String(repeating: " ", count: 100) + Self.ping
    let error = #expect(throws: MCPMessageError.self) {
      try MCPMessage.parse(Array(text.utf8), limits: JSONLimits(totalBytes: 64))
    }
    #expect(error?.httpStatus == 413)
    #expect(error?.syntax?.code == .tooLong)
  }

  private func code(_ text: String, allowsBatches: Bool) -> JSONRPCErrorCode? {
    do throws(MCPMessageError) {
      _ = try MCPPayload.parse(Array(text.utf8), allowsBatches: allowsBatches)
      return nil
    } catch {
      return error.code
    }
  }
}
