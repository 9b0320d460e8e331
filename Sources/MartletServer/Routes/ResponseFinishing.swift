import HTTPTypes
import Hummingbird
import MartletDomain
import NIOCore

/// Gives an endpoint's answer its body and its protective header fields.
struct ResponseFinishing: Sendable {
  private static let referrerPolicy = HTTPField.Name("referrer-policy") ?? .referer
  let pages: PageRenderer

  func finish(_ response: EndpointResponse, of route: EndpointRoute) -> Response {
    var headers = HTTPFields()
    for (name, value) in response.headers { append(name, value, to: &headers) }
    let body: [UInt8]
    switch response.body {
    case .none: body = []
    case .json(let bytes):
      body = bytes
      append("content-type", "application/json", to: &headers)
    case .asset(let contentType, let bytes):
      body = bytes
      append("content-type", contentType, to: &headers)
    case .page(let page):
      let (html, policy) = pages.render(page)
      body = html
      append("content-type", "text/html; charset=utf-8", to: &headers)
      append("content-security-policy", policy, to: &headers)
      append("x-frame-options", "DENY", to: &headers)
      append("cross-origin-opener-policy", "same-origin", to: &headers)
    }
    if headers[Self.referrerPolicy] == nil { headers[Self.referrerPolicy] = "no-referrer" }
    if route.isOpenToPages { allowPages(&headers, isPreflight: response.status == 204) }
    return Response(
      status: HTTPResponse.Status(code: response.status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }

  private func allowPages(_ headers: inout HTTPFields, isPreflight: Bool) {
    append("access-control-allow-origin", "*", to: &headers)
    append("access-control-expose-headers", "WWW-Authenticate, Retry-After", to: &headers)
    guard isPreflight else { return }
    append("access-control-allow-methods", "GET, POST, OPTIONS", to: &headers)
    append("access-control-allow-headers", "Authorization, Content-Type, Accept, MCP-Protocol-Version", to: &headers)
    append("access-control-max-age", "600", to: &headers)
  }

  private func append(_ name: String, _ value: String, to headers: inout HTTPFields) {
    guard let name = HTTPField.Name(name) else { return }
    headers.append(HTTPField(name: name, value: value))
  }
}
