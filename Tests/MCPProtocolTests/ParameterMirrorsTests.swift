import MCPProtocol
import StrictCoding
import Testing

@Suite struct ParameterMirrorsTests {
  static let schema: JSONValue = [
    "type": "object",
    "properties": [
      "region": ["type": "string", "x-mcp-header": "Region"], "count": ["type": "integer", "x-mcp-header": "Count"],
      "deep": ["type": "object", "properties": ["flag": ["type": "boolean", "x-mcp-header": "Flag"]]],
      "plain": ["type": "string", "default": ["x-mcp-header": "not a schema"]],
    ],
  ]

  @Test func readsAndWritesHeaders() throws {
    let mirrors = try ParameterMirrors(inputSchema: Self.schema)
    #expect(mirrors.mirrors.map(\.header) == ["Region", "Count", "Flag"])
    #expect(mirrors.mirrors.last?.path == ["deep", "flag"])
    let headers = mirrors.headers(for: ["region": " é", "count": 42, "deep": ["flag": true], "plain": "x"])
    #expect(headers.map(\.value) == ["=?base64?IMOp?=", "42", "true"])
    #expect(mirrors.headers(for: ["region": nil]).isEmpty)
    #expect(mirrors.headers(for: nil).isEmpty)
  }

  @Test(
    arguments: [
      ([("Region", "eu"), ("Count", "42")], true), ([("region", "eu"), ("COUNT", "42.0")], true),
      ([("Region", "=?base64?ZXU=?="), ("Count", "42"), ("Unknown", "x")], true), ([("Region", "eu")], false),
      ([("Region", "EU"), ("Count", "42")], false), ([("Region", "eu"), ("Count", "43")], false),
      ([("Region", "eu"), ("Count", "x42")], false), ([("Region", "eu"), ("Count", "42"), ("Flag", "true")], false),
      ([("Region", "eu"), ("Region", "eu"), ("Count", "42")], false), ([], false),
    ] as [([(String, String)], Bool)])
  func V_030_parametersAgree(fields: [(String, String)], isValid: Bool) throws {
    let request = MCPRequest(
      id: .number(1), method: .toolsCall, params: ["name": "t", "arguments": ["region": "eu", "count": 42]])
    let headers = MirroredHeaders(parameters: fields.map { .init(name: $0.0, value: $0.1) })
    let mirrors = try ParameterMirrors(inputSchema: Self.schema)
    do throws(MCPMessageError) {
      try mirrors.validate(headers, for: request)
      #expect(isValid)
    } catch {
      #expect(!isValid)
      #expect(error.code == .headerMismatch)
    }
  }

  @Test(
    arguments: [
      (["properties": ["a": ["type": "string", "x-mcp-header": ""]]], .invalidName),
      (["properties": ["a": ["type": "string", "x-mcp-header": "a b"]]], .invalidName),
      (["properties": ["a": ["type": "string", "x-mcp-header": "a\r\nb"]]], .invalidName),
      (["properties": ["a": ["type": "string", "x-mcp-header": 1]]], .invalidName),
      (["properties": ["a": ["type": "number", "x-mcp-header": "A"]]], .invalidType),
      (["properties": ["a": ["type": "object", "x-mcp-header": "A"]]], .invalidType),
      (["properties": ["a": ["type": ["string", "null"], "x-mcp-header": "A"]]], .invalidType),
      (
        ["properties": ["a": ["type": "string", "x-mcp-header": "A"], "b": ["type": "string", "x-mcp-header": "a"]]],
        .repeatedName
      ),
      (["properties": ["a": ["type": "array", "items": ["type": "string", "x-mcp-header": "A"]]]], .unreachable),
      (["anyOf": [["properties": ["a": ["type": "string", "x-mcp-header": "A"]]]]], .unreachable),
      (["$defs": ["d": ["type": "string", "x-mcp-header": "A"]]], .unreachable), (["x-mcp-header": "A"], .unreachable),
    ] as [(JSONValue, ParameterMirrors.Defect)])
  func defects(schema: JSONValue, defect: ParameterMirrors.Defect) {
    #expect(throws: defect) { try ParameterMirrors(inputSchema: schema) }
  }

  @Test(arguments: [
    "us-west1", "Hello, 世界", " padded ", "line1\nline2", "=?base64?literal?=", "", "a\u{7F}", "=?base64?=",
  ])
  func V_030c_sentinelRoundTrip(text: String) {
    let encoded = HeaderSentinel.encode(text)
    #expect(encoded.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    #expect(HeaderSentinel.decode(encoded) == text)
  }

  @Test func V_030c_sentinelExamplesOfTheSpecification() {
    #expect(HeaderSentinel.encode("Hello, 世界") == "=?base64?SGVsbG8sIOS4lueVjA==?=")
    #expect(HeaderSentinel.encode(" padded ") == "=?base64?IHBhZGRlZCA=?=")
    #expect(HeaderSentinel.encode("=?base64?literal?=") == "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=")
    #expect(HeaderSentinel.decode("=?base64??=") == "")
    for bad in ["=?base64?=", "=?base64?SGVsbG8?=", "=?base64?SGVs bG8=?=", "=?base64?_w==?=", "=?base64?/w==?=", "é"] {
      #expect(HeaderSentinel.decode(bad) == nil)
    }
  }
}
