import MCPProtocol
import MartletDomain
import StrictCoding

/// What a client hears of a request to a server at which its user has no account connected: never a 401 of ours, which
/// would send the client through a login that changes nothing, and never silence.
///
/// Calls lead to the page on which the account is connected, in the form that the client declared: a URL elicitation of
/// its era, or a plain link. What a client asks to get to know the server is answered as far as it can be, with one tool
/// that leads to the same page: a client that is refused there shows its user nothing at all.
///
/// Conforms to: MCP 2025-11-25 Elicitation, URL Mode; MCP 2026-07-28 Multi Round-Trip Requests.
struct ConnectionAnswer {
  let request: AdmittedRequest
  /// Why it has to be connected.
  let need: ConnectionNeed
  /// The path of the page on which the account is connected, good for this user alone; `nil` where there is none.
  let path: String?
  /// A name for an elicitation that nobody can guess.
  let elicitation: String

  private var route: UpstreamRoute { request.classified.authenticated.routed.route }
  private var name: String { route.resource.displayName }
  private var era: Era { request.classified.classification.era }

  private var origin: String { request.classified.authenticated.routed.settings.origin.string }

  /// The page on which the account is connected, for this answer.
  var link: String { path.map { origin + $0 } ?? lastingLink }

  /// The same for whoever logs in there, whenever: for texts that clients keep.
  private var lastingLink: String {
    origin + (route.resource.id.space == nil ? "/connect/\(route.resource.id.server)" : "/account")
  }

  private var question: String { "\(need.words(name)) Connect it to go on." }

  private func advice(_ link: String) -> String {
    "\(need.words(name)) Open this page in a browser, connect it there, and then try again: \(link)"
  }

  /// The answer to a request.
  func response(to message: MCPRequest) -> MCPResponse {
    MCPResponse(id: message.id, outcome: outcome(message))
  }

  /// The whole answer to whatever came.
  func response() -> GatewayResponse {
    switch request.classified.message {
    case .request(let message)?: .json(200, response(to: message).encoded())
    // What nobody hears is taken.
    case .notification?, .response?: GatewayResponse(status: 202)
    case nil: GatewayResponse(status: 405).adding("allow", "POST, DELETE, OPTIONS")
    }
  }

  private func outcome(_ message: MCPRequest) -> MCPResponse.Outcome {
    switch message.method {
    case .ping: return .result([:])
    case .serverDiscover: return .result(.object(cacheable(discovery)))
    case .toolsList:
      let tool = ConnectTool(name: name, link: lastingLink)
      return .result(.object(cacheable(["tools": [tool.definition]])))
    case .promptsList: return .result(.object(cacheable(["prompts": []])))
    case .resourcesList: return .result(.object(cacheable(["resources": []])))
    case .resourcesTemplatesList: return .result(.object(cacheable(["resourceTemplates": []])))
    case .toolsCall, .promptsGet, .resourcesRead: return page.outcome(message)
    default: return .error(refusal)
    }
  }

  /// Whether the answer sends a legacy client to the page.
  var elicits: Bool { page.elicits }

  private var page: PageQuestion {
    PageQuestion(
      purpose: .connection, classified: request.classified, session: request.session, link: link, question: question,
      advice: advice(link), elicitation: elicitation, refusal: refusal)
  }

  private var refusal: MCPResponse.Failure {
    MCPResponse.Failure(code: .upstreamUnavailable, message: advice(link), data: ["connect": .string(link)])
  }

  // MARK: - What the server is, as long as nobody can ask it

  /// The result of `initialize`.
  func initialization(_ revision: ProtocolRevision) -> JSONValue {
    .object([
      "protocolVersion": .string(revision.rawValue), "capabilities": .object(Self.capabilities),
      "serverInfo": .object(info), "instructions": .string(instructions),
    ])
  }

  private var discovery: JSONObject {
    [
      "supportedVersions": .array(
        ProtocolRevision.allCases.filter { $0.era == .modern }.map { .string($0.rawValue) }),
      "capabilities": .object(Self.capabilities), "instructions": .string(instructions),
    ]
  }

  private var info: JSONObject { ["name": .string(name), "version": "unknown"] }

  private var instructions: String {
    "\(advice(lastingLink)) The tool \(ConnectTool.toolName) tells the same. Once the account is connected, list the tools again."
  }

  /// What nearly every server has, since a client asks for nothing else.
  private static let capabilities: JSONObject = [
    "tools": ["listChanged": true], "prompts": ["listChanged": true], "resources": ["listChanged": true],
  ]

  private func complete(_ object: JSONObject) -> JSONObject {
    guard era == .modern else { return object }
    var object = object
    object["resultType"] = "complete"
    object["_meta"] = .object([MetadataKey.serverInfo: .object(info)])
    return object
  }

  /// Its caller's alone, and stale as soon as the account is connected.
  private func cacheable(_ object: JSONObject) -> JSONObject {
    guard era == .modern else { return object }
    var object = complete(object)
    object["ttlMs"] = 0
    object["cacheScope"] = "private"
    return object
  }
}
