import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct ErrorTranslationTests {
  private func legacy(
    _ code: JSONRPCErrorCode, data: JSONValue? = nil, _ method: MCPMethod = .resourcesRead
  ) -> MCPResponse.Failure {
    ErrorTranslation().legacy(
      .init(code: code, message: "m", data: data),
      of: MCPRequest(id: .number(1), method: method, params: ["uri": "a:b", "name": "a:b"]))
  }

  private static let missing: [(JSONValue?, JSONRPCErrorCode)] = [
    (["uri": "a:b"], .legacyResourceNotFound), (["uri": "a:B"], .invalidParams), (["uri": 1], .invalidParams),
    (nil, .invalidParams),
  ]

  @Test(arguments: missing)
  func aMissingResourceIsCertainByItsURIOnly(_ data: JSONValue?, _ code: JSONRPCErrorCode) {
    #expect(legacy(.invalidParams, data: data).code == code)
    #expect(legacy(.invalidParams, data: data, .promptsGet).code == .invalidParams)
  }

  @Test func missingCapabilitiesAreNamed() {
    let failure = legacy(
      .missingCapability, data: ["requiredCapabilities": ["sampling": ["tools": [:]], "roots": [:]]])
    #expect(failure.code == .invalidRequest)
    #expect(failure.message.contains("sampling.tools, roots"))
    #expect(!legacy(.missingCapability).message.isEmpty)
  }

  @Test(arguments: [JSONRPCErrorCode.headerMismatch, .missingCapability, .unsupportedVersion])
  func noCodeOfTheModernEraGetsThrough(_ code: JSONRPCErrorCode) {
    #expect(!legacy(code).code.meansModernEra)
  }

  @Test(arguments: [-32_601, -32_603, -1, 42] as [Int64])
  func otherErrorsStayAsTheyAre(_ code: Int64) {
    let failure = MCPResponse.Failure(code: .init(rawValue: code), message: "m", data: ["a": 1])
    #expect(legacy(failure.code, data: ["a": 1]) == failure)
  }

  @Test(arguments: [
    (400, true), (404, true), (429, true), (401, false), (403, false), (500, false), (302, false),
  ])
  func S_3_onlyRefusalsOfTheRequestAreRead(_ status: Int, _ isRead: Bool) {
    let body = JSONRPCErrorBody.encode(id: .null, code: .methodNotFound, message: "m")
    #expect((ModernRefusal.failure(status: status, body: body) != nil) == isRead)
    #expect(ModernRefusal.failure(status: status, body: Array("<html>".utf8)) == nil)
  }
}
