import MCPProtocol
import MartletDomain
import NIOCore
import Synchronization

/// Where a thing lives that others must reach: its event loop.
struct Seat<Occupant: AnyObject>: Sendable {
  private let eventLoop: any EventLoop
  private let occupant: NIOLoopBound<Occupant>
  let identity: ObjectIdentifier

  /// Call it on the event loop.
  init(_ occupant: Occupant, on eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    self.occupant = NIOLoopBound(occupant, eventLoop: eventLoop)
    identity = ObjectIdentifier(occupant)
  }

  func tell(_ body: @escaping @Sendable (Occupant) -> Void) {
    let occupant = self.occupant
    eventLoop.execute { body(occupant.value) }
  }
}

/// What goes on in the sessions of legacy clients: a client answers a server's question, or cancels a call, on another
/// connection than the one that waits for it.
///
/// Everything is found by (session, id): the session was proven to be the caller's, so nobody reaches another's (V-014).
final class LegacyDesk: Sendable {
  private struct Session {
    var calls: [JSONRPCID: Seat<BridgedCall>] = [:]
    var questions: [JSONRPCID: Seat<BridgedCall>] = [:]
    var stream: Seat<BridgedStream>?

    var isEmpty: Bool { calls.isEmpty && questions.isEmpty && stream == nil }
  }

  private struct State {
    var sessions: [ArtefactDigest: Session] = [:]
    var questions = 0
  }

  private let state = Mutex(State())

  // MARK: - Calls

  func began(_ seat: Seat<BridgedCall>, _ id: JSONRPCID, in session: ArtefactDigest) {
    state.withLock { $0.sessions[session, default: Session()].calls[id] = seat }
  }

  func ended(_ call: BridgedCall, _ id: JSONRPCID, in session: ArtefactDigest) {
    let identity = ObjectIdentifier(call)
    change(session) { entry in
      if entry.calls[id]?.identity == identity { entry.calls[id] = nil }
    }
  }

  /// The client doesn't want a call any more.
  func cancel(_ id: JSONRPCID, in session: ArtefactDigest) {
    state.withLock { $0.sessions[session]?.calls[id] }?.tell { $0.cancelledByClient() }
  }

  // MARK: - Questions

  /// Expects an answer.
  ///
  /// - Returns: Whether there is room.
  func expect(_ id: JSONRPCID, for seat: Seat<BridgedCall>, in session: ArtefactDigest) -> Bool {
    state.withLock { state in
      guard state.questions < LegacyBridgeLimits.questions,
        state.sessions[session]?.questions.count ?? 0 < LegacyBridgeLimits.questionsOfSession
      else { return false }
      state.sessions[session, default: Session()].questions[id] = seat
      state.questions += 1
      return true
    }
  }

  func forget(_ id: JSONRPCID, in session: ArtefactDigest) {
    _ = take(id, in: session)
  }

  /// The client answered.
  ///
  /// - Returns: Whether anybody in this session had asked.
  func answer(_ response: MCPResponse, in session: ArtefactDigest) -> Bool {
    guard let seat = take(response.id, in: session) else { return false }
    seat.tell { $0.clientAnswered(response) }
    return true
  }

  private func take(_ id: JSONRPCID, in session: ArtefactDigest) -> Seat<BridgedCall>? {
    state.withLock { state in
      guard let seat = state.sessions[session]?.questions.removeValue(forKey: id) else { return nil }
      state.questions -= 1
      if state.sessions[session]?.isEmpty ?? false { state.sessions[session] = nil }
      return seat
    }
  }

  // MARK: - Streams

  func opened(_ seat: Seat<BridgedStream>, of session: ArtefactDigest) {
    state.withLock { $0.sessions[session, default: Session()].stream = seat }
  }

  func closed(_ stream: BridgedStream, of session: ArtefactDigest) {
    let identity = ObjectIdentifier(stream)
    change(session) { entry in
      if entry.stream?.identity == identity { entry.stream = nil }
    }
  }

  /// The session watches other resources than before.
  func watchesChanged(in session: ArtefactDigest) {
    state.withLock { $0.sessions[session]?.stream }?.tell { $0.watchesChanged() }
  }

  // MARK: - The end

  /// The session is over: whatever waits in it ends.
  func end(_ session: ArtefactDigest) {
    let entry = state.withLock { $0.sessions[session] }
    entry?.calls.values.forEach { seat in seat.tell { $0.close(reason: "session_ended") } }
    entry?.stream?.tell { $0.close(reason: "session_ended") }
  }

  private func change(_ session: ArtefactDigest, _ body: (inout Session) -> Void) {
    state.withLock { state in
      guard var entry = state.sessions[session] else { return }
      body(&entry)
      state.sessions[session] = entry.isEmpty ? nil : entry
    }
  }
}
