import MCPProtocol
import Testing

@Suite struct ReservedKeysTests {
  @Test(arguments: [
    "Method", "METHOD", "mETHOD", "method\\u0000", "\\u0000method", "ｍｅｔｈｏｄ", "Ｍethod", "method ", " method",
    "met\\u200bhod", "\\ufeffmethod", "method\\t", "pa\\u0072ams\\u0000", "paramſ", "reſult", "ID", "ıd", "İD", "Id",
    "JSONRPC", "jsonrpc\\u00ad", "Params", "Error",
  ])
  func V_029_imitatedEnvelopeKeys(key: String) {
    let text = #"{"jsonrpc":"2.0","id":1,"method":"tools/list","\#(key)":"tools/call"}"#
    let error = #expect(throws: MCPMessageError.self) { try MCPMessage.parse(Array(text.utf8)) }
    #expect(error?.code == .invalidRequest)
    #expect(error?.id == .number(1))
  }

  @Test(arguments: ["Name", "NAME", "name\\u0000", "ｎame", "Arguments", "argumentſ", "_Meta", "_META", "URI"])
  func V_029_imitatedParameters(key: String) {
    let text = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","\#(key)":"unsafe"}}"#
    let error = #expect(throws: MCPMessageError.self) { try MCPMessage.parse(Array(text.utf8)) }
    #expect(error?.code == .invalidParams)
  }

  @Test func V_029_imitatedMetadata() {
    for key in ["IO.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/protocolversion", "ProgressToken"] {
      let text = #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"\#(key)":"2026-07-28"}}}"#
      #expect(throws: MCPMessageError.self) { try MCPMessage.parse(Array(text.utf8)) }
    }
  }

  @Test(arguments: ["methods", "x", "日本", "meth", "trace", "_method", "metthod", "идентификатор"])
  func V_029_otherKeysPass(key: String) throws {
    let text =
      #"{"jsonrpc":"2.0","id":1,"method":"ping","\#(key)":1,"params":{"\#(key)":{"Method":1},"_meta":{"\#(key)":1}}}"#
    #expect(try MCPMessage.parse(Array(text.utf8)).method == .ping)
  }

  @Test func V_029_argumentsAreTheToolsOwn() throws {
    let text =
      #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"n","arguments":{"Name":1,"METHOD":2}}}"#
    #expect(try MCPMessage.parse(Array(text.utf8)).request?.arguments?.count == 2)
  }
}
