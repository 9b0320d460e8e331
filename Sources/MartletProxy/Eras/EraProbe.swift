import MCPProtocol
import NIOCore
import OAuthProtocol
import StrictCoding

/// Asks an upstream which era it speaks: `server/discover` for the modern one, `initialize` for the legacy one. Used on
/// its event loop only.
final class EraProbe {
  private let outbound: OutboundRequest
  private let transport: any UpstreamTransport
  private let eventLoop: any EventLoop
  private var dialogue: UpstreamDialogue?

  /// - Parameter outbound: A POST to an instance, of which body and revision are set here.
  init(_ outbound: OutboundRequest, over transport: any UpstreamTransport, on eventLoop: any EventLoop) {
    self.outbound = outbound
    self.transport = transport
    self.eventLoop = eventLoop
  }

  /// Asks.
  ///
  /// - Parameter completion: Hears whether the era is spoken, or why nobody knows.
  func ask(_ era: Era, completion: @escaping (Result<Bool, Rejection>) -> Void) {
    switch era {
    case .modern: askModern(completion)
    case .legacy: askLegacy(completion)
    }
  }

  private func askModern(_ completion: @escaping (Result<Bool, Rejection>) -> Void) {
    var request = outbound
    request.revision = .latest
    request.mirrored = MirroredHeaders(method: MCPMethod.serverDiscover.name)
    request.isRepeatable = true
    request.body = MCPRequest(
      id: .number(1), method: .serverDiscover,
      params: ["_meta": .object(MartletAsClient.metadata)]
    ).encoded()
    listen(to: request) { outcome in completion(outcome.map { $0.speaksModern }) }
  }

  private func askLegacy(_ completion: @escaping (Result<Bool, Rejection>) -> Void) {
    var request = outbound
    request.isRepeatable = true
    request.body = MCPRequest(
      id: .number(1), method: .initialize, params: MartletAsClient.initializeParams(.latestLegacy)
    ).encoded()
    listen(to: request) { [self] outcome in
      if case .success(let answer) = outcome, let session = answer.session { end(session, at: answer.instance) }
      completion(outcome.map { $0.speaksLegacy })
    }
  }

  /// The session was begun only to see whether it could be.
  private func end(_ session: String, at instance: AbsoluteURL?) {
    var request = outbound.another(.delete, to: instance ?? outbound.url)
    request.upstreamSession = session
    request.revision = .latestLegacy
    dialogue = UpstreamDialogue(request, over: transport, on: eventLoop) { _ in }
  }

  private struct Answer {
    var response: MCPResponse?
    var session: String?
    var instance: AbsoluteURL?

    var speaksModern: Bool {
      if response?.failure?.code.meansModernEra == true { return true }
      let versions = response?.result?["supportedVersions"]?.arrayValue ?? []
      return versions.contains { $0.stringValue.flatMap { ProtocolRevision($0) }?.era == .modern }
    }

    var speaksLegacy: Bool {
      response?.result?["protocolVersion"]?.stringValue.flatMap { ProtocolRevision($0) }?.era == .legacy
    }
  }

  private func listen(to request: OutboundRequest, _ completion: @escaping (Result<Answer, Rejection>) -> Void) {
    var answer = Answer()
    var deadline: Scheduled<Void>?
    var isOver = false
    let finish: (Result<Answer, Rejection>) -> Void = { [self] result in
      if isOver { return }
      isOver = true
      deadline?.cancel()
      // The two hold each other until here.
      dialogue = nil
      completion(result)
    }
    deadline = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.eraProbe) { [self] in
      dialogue?.cancel()
      finish(.failure(.upstreamUnavailable(reason: "probe_timeout", id: nil)))
    }
    dialogue = UpstreamDialogue(request, over: ImpatientTransport(over: transport), on: eventLoop) { [self] turn in
      switch turn {
      case .accepted(let headers):
        answer.session = headers.first("mcp-session-id")
        answer.instance = dialogue?.instance?.url
      case .message(.response(let response)):
        answer.response = response
        dialogue?.cancel()
        finish(.success(answer))
      case .message: break
      case .ended: finish(.success(answer))
      // Not our client's doing, and no word about eras (S3).
      case .refused(let status, _, _) where status == 401 || status == 403 || status >= 500:
        finish(.failure(.upstreamUnavailable(reason: "status_\(status)", id: nil)))
      case .refused(_, _, let body):
        if case .response(let response)? = try? MCPMessage.parse(body, limits: .upstreamAnswer) {
          answer.response = response
        }
        finish(.success(answer))
      case .failed(let failure): finish(.failure(failure.rejection(answering: nil)))
      }
    }
    // What failed at once has nobody to hold.
    if isOver { dialogue = nil }
  }
}

/// Martlet as an MCP client of its own, for requests that no client asked for.
enum MartletAsClient {
  private static let info: JSONObject = ["name": "martlet", "version": "1"]

  /// The `_meta` of a modern request.
  static var metadata: JSONObject {
    [
      MetadataKey.protocolVersion: .string(ProtocolRevision.latest.rawValue),
      MetadataKey.clientCapabilities: .object([:]), MetadataKey.clientInfo: .object(info),
    ]
  }

  /// The parameters of a legacy `initialize`.
  static func initializeParams(_ revision: ProtocolRevision) -> JSONObject {
    ["protocolVersion": .string(revision.rawValue), "capabilities": .object([:]), "clientInfo": .object(info)]
  }
}
