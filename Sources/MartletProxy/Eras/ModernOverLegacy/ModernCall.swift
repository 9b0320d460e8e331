import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// A request of a modern client that goes on to a legacy server: a new one, or the next round of one that waits for
/// input. Used on its event loop only.
final class ModernCall: ModernWork {
  private let client: ModernExchange
  private let request: MCPRequest
  private var call: OnLoop<LegacyServerCall>?
  private var server: LegacyServer?
  private var lease: BridgeLease?
  private var hasBegunAgain = false

  init(_ client: ModernExchange, request: MCPRequest) {
    self.client = client
    self.request = request
  }

  func start() {
    if request.method == .toolsCall, request.parameter("task") != nil {
      return client.conclude(
        ModernAnswer(
          .invalidParams, "params.task is not available here: the tasks of 2025-11-25 can't be translated."))
    }
    do throws(UnknownLogLevel) {
      let round = LegacyConversation.Round(
        request: request, features: client.features, logLevel: try client.logLevel())
      client.expectSilence()
      if let state = request.parameter("requestState") { proceed(round, state) } else { begin(round) }
    } catch {
      client.conclude(ModernAnswer(.invalidParams, "params._meta needs a known \(MetadataKey.logLevel)"))
    }
  }

  func setReading(_ reading: Bool) { call?({ $0.setReading(reading) }) }

  func stop(reason: String) {
    call?({ $0.cancel(reason: reason) })
    call = nil
  }

  // MARK: - A new call

  private func begin(_ round: LegacyConversation.Round) {
    if let refusal = Self.declined(request) { return client.conclude(refusal) }
    client.lease { [self] lease in
      self.lease = lease
      server = lease.session.server
      let call = LegacyServerCall(
        round, in: lease, contact: client.contact, on: client.eventLoop, listener: listener(round))
      self.call = OnLoop(call, eventLoop: client.eventLoop)
      call.start()
    }
  }

  /// A client that was asked to open a page comes back without state, and the call is made anew: in vain where the user
  /// didn't open it.
  private static func declined(_ request: MCPRequest) -> ModernAnswer? {
    let answers = request.parameter("inputResponses")?.objectValue?.members ?? []
    let isDeclined = answers.contains { answer in
      switch ElicitationAction(answer.value) {
      case .decline, .cancel: true
      case .accept, nil: false
      }
    }
    return isDeclined ? ModernAnswer(.internalError, "The page that the server asked for was not opened.") : nil
  }

  // MARK: - The next round

  private func proceed(_ round: LegacyConversation.Round, _ state: JSONValue) {
    let binding = client.binding
    guard let text = state.stringValue, let id = try? client.bridge.states.open(text, for: request, of: binding),
      let waiting = client.bridge.parked.peek(id, of: binding)
    else { return client.conclude(Self.repeatIt) }
    let answers = request.parameter("inputResponses")?.objectValue ?? JSONObject()
    if let wrong = waiting.asked.first(where: { input in answers[input.key].map { !input.accepts($0) } ?? false }) {
      return client.conclude(
        ModernAnswer(.invalidParams, "inputResponses.\(wrong.key) is not an answer to what was asked."))
    }
    guard client.bridge.parked.take(id, of: binding) != nil else { return client.conclude(Self.repeatIt) }
    server = waiting.server
    call = waiting.call
    let (contact, listener) = (client.contact, self.listener(round))
    waiting.call { $0.proceed(round, answers: answers, contact: contact, listener: listener) }
  }

  /// Whatever is wrong with a state, the client can only do one thing.
  private static let repeatIt = ModernAnswer(
    .invalidParams, "No call waits under this requestState: send the request again without it.",
    data: ["reason": "invalid_request_state"])

  // MARK: - What comes of it

  private func listener(_ round: LegacyConversation.Round) -> LegacyServerCall.Listener {
    let bound = OnLoop(self, eventLoop: client.eventLoop)
    return { event in bound { $0.hear(event, round) } }
  }

  private func hear(_ event: LegacyServerCall.Event, _ round: LegacyConversation.Round) {
    guard !client.isDone else {
      // It waits for input of a client that has just gone.
      if case .asked = event { stop(reason: "client_disconnected") }
      return
    }
    switch event {
    case .told(let notification):
      client.send(.notification(notification))
      if client.isDone { return stop(reason: "slow_reader") }
      setReading(client.exchange.client.isWritable)
    case .asked(let asked): park(asked)
    case .answered(let answer): client.conclude(answer)
    case .sessionLost: beginAgain(round)
    case .unheard(let failure): client.reject(failure.rejection(answering: request.id))
    case .failed(let reason): client.fail(reason)
    case .lost(let reason): client.reject(client.admitted.classified.answerLost(reason))
    }
  }

  private func park(_ asked: [AskedInput]) {
    guard let call, let server else { return }
    let waiting = ParkedCall(binding: client.binding, asked: asked, server: server, call: call)
    guard let state = client.bridge.park(waiting, for: request) else {
      stop(reason: "too_many_waiting")
      return client.conclude(
        ModernAnswer(.limited, "Too many calls wait for input already.", data: ["retry_after": 60]))
    }
    self.call = nil
    client.conclude(ModernAnswer(asking: asked, state: state, server: server))
  }

  /// The request was not taken: it may be sent once more, in a session that is known.
  private func beginAgain(_ round: LegacyConversation.Round) {
    guard !hasBegunAgain, let lease else { return client.fail("session_lost") }
    hasBegunAgain = true
    client.bridge.sessions.lose(lease.session)
    self.lease = nil
    call = nil
    begin(round)
  }
}
