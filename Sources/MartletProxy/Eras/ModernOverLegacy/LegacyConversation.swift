import MCPProtocol
import StrictCoding

/// What happens between a request that was sent to a legacy server and its response, apart from all I/O.
struct LegacyConversation: Sendable {
  /// The client's side: it changes with each round, since each is a request of its own.
  struct Round: Sendable {
    /// The client's request.
    let request: MCPRequest
    /// What the client declared with it.
    let features: ClientFeatures
    /// The least log level that it wants; nil for no log messages.
    let logLevel: LogLevel?
  }

  /// What is to be done about a message of the server.
  enum Action: Sendable, Equatable {
    case nothing
    /// It belongs to the call: the client hears it.
    case tell(MCPNotification)
    /// It belongs to whoever listens for changes.
    case feed(MCPNotification)
    /// It is answered at once.
    case reply(MCPResponse)
    /// The client is asked for input, with what else has been asked and not answered.
    case ask
    /// The call is over.
    case conclude(ModernAnswer)
  }

  /// How many things a server may ask for at a time.
  static let maximumAsked = 16

  private let id: JSONRPCID
  private let server: LegacyServer
  private var round: Round
  private var missing: [ClientFeatures.Feature] = []
  private var lastKey = 0
  /// What the server waits for.
  private(set) var asked: [AskedInput] = []

  /// - Parameter id: The id under which the server knows the request, and its progress token.
  init(id: JSONRPCID, server: LegacyServer, round: Round) {
    self.id = id
    self.server = server
    self.round = round
  }

  /// The server said something on the stream of the call.
  mutating func hear(_ message: MCPMessage) -> Action {
    switch message {
    case .response(let response):
      guard response.id == id || (response.id == .null && response.failure != nil) else { return .nothing }
      let answer = AnswerFromLegacy(server: server, features: round.features, method: round.request.method)
      return .conclude(answer.modern(response.outcome, missing: missing))
    case .notification(let notification): return hear(notification)
    case .request(let request): return hear(request)
    }
  }

  private mutating func hear(_ notification: MCPNotification) -> Action {
    switch notification.method {
    case .progress:
      guard notification.progressToken == id, let token = round.request.progressToken else { return .nothing }
      var params = notification.params ?? JSONObject()
      params[MetadataKey.progressToken] = token.json
      return .tell(MCPNotification(method: .progress, params: params))
    case .logMessage:
      guard let wanted = round.logLevel, let level = LogLevel(notification.parameter("level")), level >= wanted else {
        return .nothing
      }
      return .tell(notification)
    case .toolsListChanged, .promptsListChanged, .resourcesListChanged, .resourcesUpdated: return .feed(notification)
    case .cancelled:
      asked.removeAll { $0.id == notification.cancelledRequestID }
      return .nothing
    case let method where method.isKnownNotification: return .nothing
    default: return .tell(notification)
    }
  }

  private mutating func hear(_ request: MCPRequest) -> Action {
    if request.method == .ping { return .reply(ServerRequests.pong(request)) }
    guard LegacyRequest.takesInput(round.request.method), let feature = AskedInput.feature(neededBy: request),
      let input = AskedInput(request, key: "input-\(lastKey + 1)")
    else { return .reply(ServerRequests.refusal(of: request)) }
    guard round.features.declared.contains(feature) else {
      if !missing.contains(feature) { missing.append(feature) }
      return .reply(ServerRequests.refusal(of: request))
    }
    guard asked.count < Self.maximumAsked else { return .reply(ServerRequests.refusal(of: request)) }
    lastKey += 1
    asked.append(input)
    return .ask
  }

  /// The client came back.
  ///
  /// - Parameters:
  ///   - round: Its request.
  ///   - answers: What it answered, by key; what wasn't asked is passed over.
  /// - Returns: What the server is told.
  mutating func proceed(_ round: Round, answers: JSONObject) -> [MCPResponse] {
    self.round = round
    var replies: [MCPResponse] = []
    asked.removeAll { input in
      guard let answer = answers[input.key] else { return false }
      replies.append(MCPResponse(id: input.id, outcome: .result(answer)))
      return true
    }
    return replies
  }
}

/// Answers to requests of a server that no client is asked.
enum ServerRequests {
  static func pong(_ request: MCPRequest) -> MCPResponse { MCPResponse(id: request.id, outcome: .result([:])) }

  static func refusal(of request: MCPRequest) -> MCPResponse {
    let failure = MCPResponse.Failure(
      code: .methodNotFound, message: "The client can't be asked this here: \(request.method)")
    return MCPResponse(id: request.id, outcome: .error(failure))
  }
}
