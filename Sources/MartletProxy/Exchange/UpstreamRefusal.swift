import MCPProtocol
import NIOCore
import StrictCoding

/// An upstream's refusal. It goes on with its status, since clients tell eras by it; a body that isn't JSON is replaced.
struct UpstreamRefusal {
  let response: GatewayResponse

  init(_ status: Int, _ headers: HeaderFields, _ body: [UInt8], answering id: JSONRPCID?) {
    var response: GatewayResponse
    if MediaType.isJSONAnswer(headers.first("content-type")),
      (try? JSONReader.parse(body, limits: .upstreamAnswer)) != nil
    {
      response = .json(status, body)
    } else {
      response = .json(
        status,
        JSONRPCErrorBody.encode(id: id, code: .upstreamUnavailable, message: "The server answered HTTP \(status)."))
    }
    self.response = status == 405 ? response.adding("allow", "POST") : response
  }

  func send(on exchange: GatewayExchange) { exchange.deliver(response) }
}
