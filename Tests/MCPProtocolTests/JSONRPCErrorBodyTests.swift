import MCPProtocol
import StrictCoding
import Testing

@Suite struct JSONRPCErrorBodyTests {
  @Test func echoesTheID() {
    let body = JSONRPCErrorBody.encode(id: .string("a\"\n"), code: .denied, message: "no", data: ["retry_after": 3])
    #expect(
      String(decoding: body, as: UTF8.self)
        == #"{"jsonrpc":"2.0","id":"a\"\n","error":{"code":-31001,"message":"no","data":{"retry_after":3}}}"#)
    #expect(
      String(decoding: JSONRPCErrorBody.encode(id: nil, code: .parseError, message: "m"), as: UTF8.self)
        == #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}"#)
  }

  @Test func errorsHoldNothingOfTheRequest() {
    let secret = "s3cr3t"
    for text in [
      "{\"\(secret)\":", "{\"jsonrpc\":\"\(secret)\",\"id\":1,\"method\":\"x\"}", "[\"\(secret)\"]",
      "\"\(secret)\u{1}\"",
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":\"\(secret)\"}",
    ] {
      let error = #expect(throws: MCPMessageError.self) { try MCPMessage.parse(Array(text.utf8)) }
      #expect(error.map { !String(decoding: $0.body, as: UTF8.self).contains(secret) } == true)
    }
  }

  @Test func codes() {
    #expect(
      [JSONRPCErrorCode.headerMismatch, .missingCapability, .unsupportedVersion].map(\.rawValue) == [
        -32020, -32021, -32022,
      ])
    #expect([JSONRPCErrorCode.denied, .limited, .upstreamUnavailable].map(\.rawValue) == [-31001, -31002, -31003])
    #expect(!(-32768 ... -32000).contains(JSONRPCErrorCode.denied.rawValue))
    #expect(JSONRPCErrorCode.headerMismatch.meansModernEra && !JSONRPCErrorCode.invalidRequest.meansModernEra)
    #expect(MCPMessageError(.methodNotFound, "").httpStatus == 404)
  }
}
