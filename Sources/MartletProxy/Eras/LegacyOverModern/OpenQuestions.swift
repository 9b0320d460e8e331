import MCPProtocol
import MartletDomain
import StrictCoding

/// The questions of one round: what the client was asked, and what it has said so far.
struct OpenQuestions {
  private struct Entry {
    let key: String
    let id: JSONRPCID
    let request: QuestionTranslation.Request
    var answer: JSONValue?
  }

  private var entries: [Entry] = []
  private let state: JSONValue?
  private let session: ArtefactDigest
  private let desk: LegacyDesk

  /// Asks for room at the desk for each question.
  ///
  /// - Parameter mint: Makes ids that nobody can guess.
  /// - Throws: Where the client can't be asked; nothing is open then.
  init(
    _ required: InputRequired, client: LegacyClientProfile, session: ArtefactDigest?, desk: LegacyDesk,
    seat: Seat<BridgedCall>, mint: () -> String
  ) throws(MCPMessageError) {
    guard let session else {
      throw MCPMessageError(
        .invalidRequest, "The server asked the client something, which needs the Mcp-Session-Id of a session.")
    }
    state = required.state
    self.session = session
    self.desk = desk
    for question in required.questions {
      let id = JSONRPCID.string(mint())
      let request = try QuestionTranslation(client: client).legacy(question, id: id, elicitation: mint())
      entries.append(Entry(key: question.key, id: id, request: request))
    }
    for entry in entries where !desk.expect(entry.id, for: seat, in: session) {
      _ = withdraw()
      throw MCPMessageError(.internalError, "Too many questions of servers wait for this client.")
    }
  }

  /// What the client is sent.
  var requests: [MCPRequest] { entries.map(\.request.message) }

  var isComplete: Bool { entries.allSatisfy { $0.answer != nil } }

  /// What the client has not answered.
  var openMethods: [String] { entries.filter { $0.answer == nil }.map(\.request.message.method.description) }

  /// What goes back to the server.
  var answers: InputAnswers {
    InputAnswers(
      responses: JSONObject(entries.compactMap { entry in entry.answer.map { (key: entry.key, value: $0) } }),
      state: state)
  }

  /// Takes an answer.
  ///
  /// - Returns: What was asked; nil where that was never open, or has been answered.
  mutating func take(_ response: MCPResponse) -> (method: MCPMethod, elicitation: String?)? {
    guard let index = entries.firstIndex(where: { $0.id == response.id && $0.answer == nil }) else { return nil }
    entries[index].answer = response.result ?? .null
    let request = entries[index].request
    return (request.message.method, request.elicitation)
  }

  /// Nobody waits for an answer any more.
  ///
  /// - Returns: The questions that the client may still be working on.
  func withdraw() -> [JSONRPCID] {
    let open = entries.filter { $0.answer == nil }.map(\.id)
    for id in open { desk.forget(id, in: session) }
    return open
  }
}
