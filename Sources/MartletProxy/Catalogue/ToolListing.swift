import MCPProtocol
import MartletPolicy
import NIOCore
import StrictCoding

/// Asks a server on Martlet's own account which tools it has, page by page. Used on its event loop only.
final class ToolListing {
  /// What came of it.
  struct Found: Sendable {
    var definitions = ToolDefinitions()
    var ttlMilliseconds: Int64?
  }

  private let request: AdmittedRequest
  private let selector: UpstreamSelector
  private let transport: any UpstreamTransport
  private let contact: LegacyContact
  private let eventLoop: any EventLoop
  private var completion: ((Result<Found, Rejection>) -> Void)?
  private var session: UpstreamSession?
  private var found = Found()
  private var pages = 0
  private var dialogue: UpstreamDialogue?
  private var limit: Scheduled<Void>?

  /// - Parameters:
  ///   - request: In whose name.
  ///   - completion: Hears how it ended, once.
  init(
    _ request: AdmittedRequest, selector: UpstreamSelector, transport: any UpstreamTransport,
    on eventLoop: any EventLoop, completion: @escaping (Result<Found, Rejection>) -> Void
  ) {
    self.request = request
    self.selector = selector
    self.transport = transport
    self.eventLoop = eventLoop
    self.completion = completion
    contact = LegacyContact(selector: selector, transport: transport, request: request)
  }

  func start(_ era: Era) {
    limit = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.ownListing) { self.fail("list_timeout") }
    switch era {
    case .modern: ask(cursor: nil)
    case .legacy: open()
    }
  }

  private func open() {
    let pinned = request.classified.authenticated.routed.route.pinnedRevision
    let initialize = MCPRequest(
      id: .number(0), method: .initialize, params: MartletAsClient.initializeParams(pinned ?? .latestLegacy)
    ).encoded()
    do throws(Rejection) {
      LegacyHandshake.begin(
        try selector.bare(.post, for: request), initialize: initialize, over: transport, on: eventLoop
      ) { [self] result in
        switch result {
        case .failure(let rejection): finish(.failure(rejection))
        case .success(let session):
          self.session = session
          // Whoever waited for it may have given up.
          if completion == nil { endSession() } else { ask(cursor: nil) }
        }
      }
    } catch { finish(.failure(error)) }
  }

  private func ask(cursor: JSONValue?) {
    pages += 1
    do throws(Rejection) {
      dialogue = UpstreamDialogue(try outbound(cursor), over: transport, on: eventLoop) { [self] in hear($0) }
      if completion == nil { dialogue?.cancel() }
    } catch { finish(.failure(error)) }
  }

  private func outbound(_ cursor: JSONValue?) throws(Rejection) -> OutboundRequest {
    var params = JSONObject()
    params["cursor"] = cursor
    if session == nil { params["_meta"] = .object(MartletAsClient.metadata) }
    let message = MCPRequest(
      id: .number(Int64(pages)), method: .toolsList, params: params.isEmpty ? nil : params)
    var outbound: OutboundRequest
    if let session {
      outbound = try contact.outbound(.post, in: session, .request(message))
    } else {
      outbound = try selector.bare(.post, for: request)
      outbound.revision = .latest
      outbound.mirrored = MirroredHeaders(method: MCPMethod.toolsList.name)
      outbound.body = message.encoded()
    }
    outbound.isRepeatable = true
    return outbound
  }

  private func hear(_ turn: UpstreamDialogue.Turn) {
    switch turn {
    case .accepted, .message(.notification), .message(.request): break
    case .message(.response(let response)):
      // A stream may stay open after the response.
      dialogue?.cancel()
      answered(response)
    case .ended: fail("list_unanswered")
    case .refused(let status, _, let body):
      if case .response(let response)? = try? MCPMessage.parse(body, limits: .upstreamAnswer),
        response.failure?.code == .methodNotFound
      {
        return answered(response)
      }
      fail("list_status_\(status)")
    case .failed(let failure): finish(.failure(failure.rejection(answering: request.classified.id)))
    }
  }

  private func answered(_ response: MCPResponse) {
    guard let result = response.result else {
      // A server without tools.
      if response.failure?.code == .methodNotFound { return finish(.success(found)) }
      return fail("list_error_\(response.failure?.code.rawValue ?? 0)")
    }
    guard let tools = result["tools"]?.arrayValue else { return fail("bad_list") }
    for tool in tools { found.definitions.add(tool) }
    found.ttlMilliseconds = result["ttlMs"]?.int64Value
    if let next = result["nextCursor"], next.stringValue != nil, pages < GatewayLimits.listingPages {
      return ask(cursor: next)
    }
    finish(.success(found))
  }

  private func fail(_ reason: String) {
    finish(.failure(.upstreamUnavailable(reason: reason, id: request.classified.id)))
  }

  private func finish(_ result: Result<Found, Rejection>) {
    guard let completion else { return }
    self.completion = nil
    limit?.cancel()
    dialogue?.cancel()
    dialogue = nil
    endSession()
    completion(result)
  }

  private func endSession() {
    if let session { contact.end(session, on: eventLoop) }
    session = nil
  }
}
