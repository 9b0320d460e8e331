import MCPProtocol
import StrictCoding
import Testing

@Suite struct MirroredHeadersTests {
  static let metadata: JSONValue = [
    "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": [:],
  ]
  static let modern = EraClassification(era: .modern, revision: .v20260728)

  static func request(_ method: MCPMethod, _ params: JSONObject = [:], metadata: JSONValue? = metadata) -> MCPMessage {
    var params = params
    params["_meta"] = metadata
    return .request(MCPRequest(id: .number(4), method: method, params: params))
  }

  static func headers(_ method: String?, name: String? = nil) -> MirroredHeaders {
    MirroredHeaders(version: "2026-07-28", method: method, name: name)
  }

  @Test func V_030_agreeingHeadersPass() throws {
    try Self.headers("tools/call", name: "add").validate(Self.request(.toolsCall, ["name": "add"]), as: Self.modern)
    try Self.headers("resources/read", name: "x:y").validate(
      Self.request(.resourcesRead, ["uri": "x:y"]), as: Self.modern)
    try Self.headers("tools/list").validate(Self.request(.toolsList), as: Self.modern)
    try Self.headers("tools/call", name: "=?base64?w6k=?=")
      .validate(Self.request(.toolsCall, ["name": "é"]), as: Self.modern)
    try Self.headers("tasks/get", name: "t1").validate(Self.request(.tasksGet, ["taskId": "t1"]), as: Self.modern)
    try Self.headers("tasks/get").validate(Self.request(.tasksGet, ["taskId": "t1"]), as: Self.modern)
    try Self.headers(nil).validate(.notification(MCPNotification(method: .cancelled)), as: Self.modern)
  }

  @Test(arguments: [
    (headers("tools/list", name: "add"), "another method"), (headers("Tools/call", name: "add"), "case of the method"),
    (headers(nil, name: "add"), "no method"), (headers("tools/call"), "no name"),
    (headers("tools/call", name: "Add"), "case of the name"), (headers("tools/call", name: "other"), "another name"),
    (headers("tools/call", name: ""), "empty name"), (headers("tools/call", name: "=?base64??="), "empty sentinel"),
    (headers("tools/call", name: "=?base64?YWRk"), "half a sentinel"),
    (headers("tools/call", name: "=?base64?YWRk=?="), "wrong padding"),
    (headers("tools/call", name: "=?base64?YWR?="), "missing padding"),
    (headers("tools/call", name: "=?Base64?YWRk?="), "upper-case marker"),
    (headers("tools/call", name: "=?base64?PT9iYXNlNjQ/WVdSaz89?="), "encoded twice"),
    (headers("tools/call", name: "=?base64?/w==?="), "not UTF-8"),
    (headers("tools/call", name: "a\u{301}dd"), "not ASCII"),
    (MirroredHeaders(method: "tools/call", name: "add"), "no version"),
    (MirroredHeaders(version: "2025-11-25", method: "tools/call", name: "add"), "another version"),
    (MirroredHeaders(version: "2026-07-28 ", method: "tools/call", name: "add"), "padded version"),
  ])
  func V_030a_c_disagreement(headers: MirroredHeaders, why: String) {
    let error = failure(headers, Self.request(.toolsCall, ["name": "add"]))
    #expect(error?.code == .headerMismatch, "\(why)")
    #expect(error?.id == .number(4))
  }

  @Test func V_030_repeatedHeaders() {
    for repeated in ["MCP-Protocol-Version", "mcp-method", "MCP-NAME"] {
      var fields: [(name: String, value: String)] = [
        ("Host", "h"), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "add"),
      ]
      #expect(failure(MirroredHeaders(fields: fields), Self.request(.toolsCall, ["name": "add"])) == nil)
      if let field = fields.first(where: { ASCIICase.equal($0.name, repeated) }) {
        fields.append((repeated, field.value))
      }
      #expect(
        failure(MirroredHeaders(fields: fields), Self.request(.toolsCall, ["name": "add"]))?.code == .headerMismatch)
    }
  }

  @Test func V_030b_orphans() {
    #expect(failure(Self.headers("tools/list", name: "add"), Self.request(.toolsList))?.code == .headerMismatch)
    let note = MCPMessage.notification(MCPNotification(method: .cancelled))
    #expect(failure(Self.headers(nil, name: "add"), note)?.code == .headerMismatch)
    var headers = Self.headers("prompts/get", name: "p")
    headers.parameters = [.init(name: "Region", value: "eu")]
    #expect(failure(headers, Self.request(.promptsGet, ["name": "p"]))?.code == .headerMismatch)
  }

  @Test func V_030c_d_parameters() {
    var headers = Self.headers("tools/call", name: "add")
    let message = Self.request(.toolsCall, ["name": "add"])
    headers.parameters = [.init(name: "Region", value: "eu"), .init(name: "Unknown", value: "=?base64?w6k=?=")]
    #expect(failure(headers, message) == nil)
    headers.parameters.append(.init(name: "rEGION", value: "us"))
    #expect(failure(headers, message)?.code == .headerMismatch)
    for value in ["=?base64?!?=", "a\u{0}b", "é", "a\r\nb"] {
      headers.parameters = [.init(name: "Region", value: value)]
      #expect(failure(headers, message)?.code == .headerMismatch)
    }
    headers.parameters = (0..<65).map { .init(name: "P\($0)", value: "") }
    #expect(failure(headers, message)?.code == .headerMismatch)
    headers.parameters = [.init(name: "P", value: String(repeating: "x", count: 8193))]
    #expect(failure(headers, message)?.code == .headerMismatch)
  }

  @Test func requiredMetadata() {
    let headers = Self.headers("tools/list")
    for metadata in [
      nil, [:], ["io.modelcontextprotocol/protocolVersion": "2026-07-28"],
      ["io.modelcontextprotocol/clientCapabilities": [:]],
      ["io.modelcontextprotocol/protocolVersion": 5, "io.modelcontextprotocol/clientCapabilities": [:]],
      ["io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": []],
    ] as [JSONValue?] {
      let error = failure(headers, Self.request(.toolsList, metadata: metadata))
      #expect(error?.code == .invalidParams)
      #expect(error?.id == .number(4))
    }
    let answer = MCPMessage.response(MCPResponse(id: .number(1), outcome: .result([:])))
    #expect(failure(headers, answer)?.code == .invalidRequest)
  }

  @Test func V_030e_legacyIsDecidedByTheBody() throws {
    let headers = MirroredHeaders(version: "2025-11-25", method: "tools/list", name: "orphan")
    let message = Self.request(.toolsCall, ["name": "add"], metadata: nil)
    try headers.validate(message, as: EraClassification(era: .legacy, revision: .v20251125))
  }

  @Test func fieldsAreFoundWithoutRegardToCase() {
    let fields: [(name: String, value: String)] = [
      ("mcp-PROTOCOL-version", "1"), ("MCP-Session-ID", "s"), ("MCP-PARAM-Region", "eu"), ("Mcp-Param-", "x"),
      ("m", "x"), ("Mcp-Methods", "x"), ("X-Mcp-Name", "x"),
    ]
    let headers = MirroredHeaders(fields: fields)
    #expect(headers.version == .init("1"))
    #expect(headers.hasSessionID)
    #expect(headers.parameters == [.init(name: "Region", value: "eu")])
    #expect(headers.method.count == 0 && headers.name.count == 0)
  }

  private func failure(_ headers: MirroredHeaders, _ message: MCPMessage) -> MCPMessageError? {
    do throws(MCPMessageError) {
      try headers.validate(message, as: Self.modern)
      return nil
    } catch {
      return error
    }
  }
}
