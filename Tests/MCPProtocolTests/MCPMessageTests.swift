import MCPProtocol
import StrictCoding
import Testing

@Suite struct MCPMessageTests {
  @Test func readsAToolCall() throws {
    let text = """
      {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"a":1},"_meta":{
        "progressToken":"p","io.modelcontextprotocol/protocolVersion":"2026-07-28",
        "io.modelcontextprotocol/clientCapabilities":{"elicitation":{}},
        "io.modelcontextprotocol/clientInfo":{"name":"Client\\u202e","version":"1"}}}}
      """
    let request = try #require(try MCPMessage.parse(Array(text.utf8)).request)
    #expect(request.id == .number(7))
    #expect(request.method == .toolsCall)
    #expect(request.toolName == "add")
    #expect(request.mirroredName == "add")
    #expect(request.arguments == ["a": 1])
    #expect(request.progressToken == .string("p"))
    #expect(request.metadata.protocolRevision == .v20260728)
    #expect(request.metadata.clientCapabilities == ["elicitation": [:]])
    #expect(request.metadata.clientName == "Client")
    #expect(request.metadata.foreignMembers == ["progressToken": "p"])
    #expect(request.metadata[MetadataKey.clientCapabilities] == ["elicitation": [:]])
    #expect(request.params(without: ["_meta", "arguments"]) == ["name": "add"])
    #expect(try MCPMessage.parse(request.encoded()) == .request(request))
  }

  static let named: [(method: String, params: String, ids: [String]?)] = [
    ("tasks/get", #"{"taskId":"a"}"#, ["a"]), ("tasks/else", #"{"taskId":"a"}"#, ["a"]), ("tasks/list", "{}", []),
    ("tools/call", #"{"name":"x","taskId":"a"}"#, []), ("subscriptions/listen", "{}", []),
    ("subscriptions/listen", #"{"notifications":{"taskIds":["a","b"]}}"#, ["a", "b"]),
    ("subscriptions/listen", #"{"notifications":{"taskIds":null}}"#, []),
    ("subscriptions/listen", #"{"notifications":{"x":[{"taskId":"a"}],"TaskIDs":["b"]}}"#, ["a", "b"]),
    ("tasks/result", "{}", nil), ("tasks/else", #"{"taskId":7}"#, nil),
    ("subscriptions/listen", #"{"notifications":{"taskIds":[7]}}"#, nil),
    ("subscriptions/listen", #"{"notifications":{"taskIds":"a"}}"#, ["a"]),
    ("subscriptions/listen", #"{"notifications":{"taskIds":{"a":"b"}}}"#, nil),
  ]

  @Test(arguments: named.indices) func V_015_requestsNameTheirTasks(index: Int) throws {
    let (method, params, ids) = Self.named[index]
    let text = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#
    let request = try #require(try MCPMessage.parse(Array(text.utf8)).request)
    #expect((try? request.taskIDs()) == ids)
  }

  static let begun: [(result: String, id: String?)] = [
    (#"{"task":{"taskId":"a"}}"#, "a"), (#"{"resultType":"task","taskId":"a"}"#, "a"), (#"{"taskId":"a"}"#, nil),
    (#"{"task":"a"}"#, nil), (#"{"resultType":"complete","taskId":"a"}"#, nil), (#""a""#, nil),
  ]

  @Test(arguments: begun.indices) func V_015_resultsNameTheTaskThatTheyBegan(index: Int) throws {
    let (result, id) = Self.begun[index]
    let response = MCPResponse(id: .number(1), outcome: .result(try JSONReader.parse(string: result)))
    #expect(response.begunTask == id)
  }

  @Test func whoMayHearOfATask() {
    func mayBecome(_ params: JSONObject) -> Bool {
      MCPRequest(id: .number(1), method: .toolsCall, params: params).mayBecomeTask
    }
    let declared: JSONValue = [MetadataKey.clientCapabilities: ["extensions": ["io.modelcontextprotocol/tasks": [:]]]]
    let other: JSONValue = [MetadataKey.clientCapabilities: ["tasks": [:]]]
    #expect(mayBecome(["task": [:]]))
    #expect(mayBecome(["_meta": declared]))
    #expect(!mayBecome([:]))
    #expect(!mayBecome(["_meta": other]))
  }

  @Test func readsOtherMessages() throws {
    let read = try MCPMessage.parse(
      Array(#"{"jsonrpc":"2.0","id":"a","method":"resources/read","params":{"uri":"x:y"}}"#.utf8))
    #expect(read.request?.resourceURI == "x:y")
    #expect(read.request?.mirroredName == "x:y")
    #expect(read.request?.toolName == nil)
    let cancelled = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#
    guard case .notification(let notification) = try MCPMessage.parse(Array(cancelled.utf8)) else {
      Issue.record("no notification")
      return
    }
    #expect(notification.cancelledRequestID == .number(3))
    #expect(notification.parameter("requestId") == 3 && notification.parameter("reason") == nil)
    let result = try MCPMessage.parse(Array(#"{"jsonrpc":"2.0","id":1,"result":{"x":[]}}"#.utf8))
    #expect(result == .response(MCPResponse(id: .number(1), outcome: .result(["x": []]))))
    let error = #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m","data":1}}"#
    let failure = MCPResponse.Failure(code: .parseError, message: "m", data: 1)
    #expect(try MCPMessage.parse(Array(error.utf8)) == .response(MCPResponse(id: .null, outcome: .error(failure))))
  }

  @Test(
    arguments: [
      ("{", -32700, nil), ("", -32700, nil), ("nope", -32700, nil), ("{}", -32600, nil), ("1", -32600, nil),
      ("null", -32600, nil), (#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600, 1),
      (#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, -32600, 1), (#"{"id":1,"method":"ping"}"#, -32600, 1),
      (#"{"jsonrpc":"2.0","id":1,"method":5}"#, -32600, 1), (#"{"jsonrpc":"2.0","id":1,"method":null}"#, -32600, 1),
      (#"{"jsonrpc":"2.0","id":1,"method":""}"#, -32600, 1), (#"{"jsonrpc":"2.0","id":1}"#, -32600, 1),
      (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, nil),
      (#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600, nil),
      (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600, nil),
      (#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, -32600, nil),
      (#"{"jsonrpc":"2.0","id":1e3,"method":"ping"}"#, -32600, nil),
      (#"{"jsonrpc":"2.0","id":1e300,"method":"ping"}"#, -32600, nil),
      (#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"ping"}"#, -32600, nil),
      (#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, -32600, 1),
      (#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}"#, -32600, 1),
      (#"{"jsonrpc":"2.0","result":{}}"#, -32600, nil),
      (#"{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":""}}"#, -32600, 1),
      (#"{"jsonrpc":"2.0","id":1,"error":[]}"#, -32600, 1),
      (#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}"#, -32600, nil),
      (#"{"jsonrpc":"2.0","id":1,"method":"notifications/initialized"}"#, -32600, 1),
    ] as [(String, Int64, Int64?)])
  func V_035_malformedMessages(text: String, code: Int64, id: Int64?) {
    let error = failure(text)
    #expect(error?.code.rawValue == code)
    #expect(error?.id == id.map { .number($0) })
    #expect(error?.httpStatus == 400)
  }

  @Test(arguments: ["null", "1", "\"x\"", "[]", "[{}]", "true"])
  func V_035_wronglyTypedParams(params: String) {
    for method in MCPMethod.knownRequests {
      let text = #"{"jsonrpc":"2.0","id":"i","method":"\#(method.name)","params":\#(params)}"#
      let error = failure(text)
      if params == "null" && method.mirroredName == nil {
        #expect(error == nil)
      } else {
        #expect(error?.code == .invalidParams)
        #expect(error?.id == .string("i"))
      }
    }
  }

  @Test(arguments: ["1", "\"x\"", "[]", "[{}]", "true"])
  func V_035_wronglyTypedArguments(arguments: String) {
    for method in ["tools/call", "prompts/get"] {
      let params = #"{"name":"x","arguments":\#(arguments)}"#
      let error = failure(#"{"jsonrpc":"2.0","id":"i","method":"\#(method)","params":\#(params)}"#)
      #expect(error?.code == .invalidParams)
      #expect(error?.id == .string("i"))
    }
  }

  @Test(arguments: ["null", "1", "[]", "{}", "\"\\u0000\"", "1e300", "\"x\""])
  func V_035_wronglyTypedMembersNeverTrap(value: String) {
    let keys = ["name", "uri", "arguments", "taskId", "_meta", "cursor", "requestId", "progressToken"]
    for method in MCPMethod.knownRequests.union(MCPMethod.knownNotifications) {
      for key in keys {
        for id in ["", "\"id\":1,"] {
          let text = #"{"jsonrpc":"2.0",\#(id)"method":"\#(method.name)","params":{"\#(key)":\#(value)}}"#
          guard let message = try? MCPMessage.parse(Array(text.utf8)) else { continue }
          #expect(message.method == method)
          _ = message.metadata.progressToken
          if method == .toolsCall { #expect(message.request?.toolName != nil) }
        }
      }
    }
  }

  /// Foundation drops U+FEFF in front of a string and behind an escape, C readers stop at NUL: such names would be two
  /// names.
  @Test(arguments: ["\\ufeff", "\u{FEFF}", "\\u0000", "\\u0001", "\\n", "\\u007f"])
  func V_028_namesThatReadersSeeDifferently(mark: String) {
    for name in ["\(mark)x", "x\(mark)"] {
      #expect(failure(#"{"jsonrpc":"2.0","id":1,"method":"\#(name)"}"#)?.code == .invalidRequest)
      for method in MCPMethod.knownRequests {
        guard let parameter = method.mirroredName?.rawValue else { continue }
        let text = #"{"jsonrpc":"2.0","id":1,"method":"\#(method.name)","params":{"\#(parameter)":"\#(name)"}}"#
        #expect(failure(text)?.code == .invalidParams)
      }
    }
    let arguments =
      #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"n","arguments":{"a":[{"k\ufeff":1}]}}}"#
    #expect(failure(arguments)?.code == .invalidParams)
    #expect(failure(#"{"jsonrpc":"2.0","id":1,"method":"é"}"#)?.code == .invalidRequest)
    #expect(failure(#"{"jsonrpc":"2.0","id":1,"method":"a b"}"#)?.code == .invalidRequest)
  }

  @Test func S_06_idsAreBytes() {
    #expect(JSONRPCID.string("caf\u{E9}") != .string("cafe\u{301}"))
    #expect(Set([JSONRPCID.string("1"), .number(1), .null]).count == 3)
    #expect(JSONRPCID(request: .string(String(repeating: "x", count: 1025))) == nil)
    #expect(MCPMethod("tools/call") == .toolsCall)
    #expect(MCPMethod("Tools/call") != .toolsCall)
    #expect(!MCPMethod("tools/ca\u{37E}").isKnown)
  }

  @Test func idsCanBeReplaced() throws {
    let request = MCPRequest(id: .number(1), method: .toolsList, params: ["cursor": "c"])
    let other = request.replacing(id: .string("n")).replacing(params: ["cursor": "d"])
    #expect(
      String(decoding: other.encoded(), as: UTF8.self)
        == #"{"jsonrpc":"2.0","id":"n","method":"tools/list","params":{"cursor":"d"}}"#)
    #expect(other.id == .string("n"))
  }

  private func failure(_ text: String) -> MCPMessageError? {
    do throws(MCPMessageError) {
      _ = try MCPMessage.parse(Array(text.utf8))
      return nil
    } catch {
      return error
    }
  }
}
