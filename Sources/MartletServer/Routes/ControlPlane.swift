import HTTPTypes
import Hummingbird
import Logging
import MartletDomain
import NIOCore
import StrictCoding

/// Our own endpoints behind the listener: Hummingbird's router finds the one, pages are rendered, and every answer gets
/// its protective header fields here.
struct ControlPlane: Sendable {
  /// What the router is told of every request; the endpoint reads the method that it came with.
  private static let anyMethod = HTTPRequest.Method.get
  private let responder: any HTTPResponder<EndpointContext>
  private let logger: Logger

  init(_ table: RouteTable, logger: Logger) {
    self.logger = logger
    let router = Router(context: EndpointContext.self)
    let finishing = ResponseFinishing(pages: table.pages)
    for route in table.routes {
      // The path alone finds the route, so that a wrong method, of whatever name, is told which are right.
      router.on(RouterPath(route.path), method: Self.anyMethod) { _, context in
        let parameter = context.parameters.get("name") ?? ""
        let answer =
          if let refusal = context.refusal { refusal } else { await Self.answer(route, context.request, parameter) }
        return finishing.finish(answer, of: route)
      }
    }
    responder = router.buildResponder()
  }

  /// Answers a request.
  ///
  /// - Parameter refusal: What the listener says in the endpoint's place: it goes out with the header fields of the
  ///   route all the same, so that a page that may read the answer can read it.
  func answer(_ request: EndpointRequest, refusal: EndpointResponse? = nil) async -> RenderedResponse {
    let source = EndpointContextSource(request: request, refusal: refusal, logger: logger)
    let context = EndpointContext(source: source)
    let head = HTTPRequest(method: Self.anyMethod, scheme: nil, authority: nil, path: request.path)
    do {
      let response = try await responder.respond(
        to: Request(head: head, body: RequestBody(buffer: ByteBuffer())), context: context)
      return try await collect(response)
    } catch {
      // The router throws for a path that no route has; nothing else in here throws.
      return Self.notFound
    }
  }

  private static func answer(_ route: EndpointRoute, _ request: EndpointRequest, _ parameter: String) async
    -> EndpointResponse
  {
    if request.method == "OPTIONS" { return EndpointResponse(status: 204) }
    let method = request.method == "HEAD" && route.methods.contains("GET") ? "GET" : request.method
    guard route.methods.contains(method) else {
      let body: JSONValue = ["error": "method_not_allowed", "error_description": "This method is not available here."]
      return EndpointResponse.json(405, JSONWriter.write(body)).adding("allow", route.methods.joined(separator: ", "))
    }
    if method == "POST", route.auth == .browser, !route.takesForeignForms, ForeignForm.isForeign(request) {
      return ForeignForm.refusal(request)
    }
    return await route.handler(request, parameter)
  }

  private func collect(_ response: Response) async throws -> RenderedResponse {
    let collector = BodyCollector()
    try await response.body.write(collector)
    // The listener counts the bytes itself.
    let headers = response.headers.filter { $0.name != .contentLength }.map {
      (name: $0.name.canonicalName, value: $0.value)
    }
    if response.status == .notFound, headers.isEmpty { return Self.notFound }
    return RenderedResponse(status: response.status.code, headers: headers, body: collector.bytes)
  }

  private static let notFound = RenderedResponse(
    status: 404, headers: [("content-type", "application/json"), ("cache-control", "no-store")],
    body: JSONWriter.write(["error": "not_found", "error_description": "There is nothing at this path."]))
}

/// Collects a response's body; our endpoints' answers are small and complete.
private final class BodyCollector: ResponseBodyWriter {
  private(set) var bytes: [UInt8] = []

  func write(_ buffer: ByteBuffer) async throws { bytes.append(contentsOf: buffer.readableBytesView) }

  func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
