import MCPProtocol
import MartletDomain
import MartletTestSupport
import Synchronization
import Testing

@testable import MartletProxy

/// What is remembered of sessions, and until when.
struct MCPSessionsTests {
  private let base = MemoryStore()
  private let store: InterruptedSessionStore
  private let clock = FakeClock()
  private let sample = Sample()

  init() { store = InterruptedSessionStore(base) }

  /// As another process on the same store has them.
  private func sessions() -> MCPSessions { MCPSessions(store: store, clock: clock, random: SeededRandom(seed: 3)) }

  private func opened(_ sessions: MCPSessions) async throws -> MCPSession {
    var session = sample.mcpSession()
    session.usedAt = clock.now()
    try await sessions.open(session)
    return session
  }

  /// Hears of changes; what ended.
  private func hear(_ sessions: MCPSessions) async -> [ArtefactDigest] {
    let heard = Mutex<[ArtefactDigest]>([])
    await sessions.hear { ended in heard.withLock { $0 += ended } }
    return heard.withLock { $0 }
  }

  @Test func aSessionIsRememberedUntilItChanges() async throws {
    let (here, there) = (sessions(), sessions())
    _ = await hear(here)
    let session = try await opened(here)
    for _ in 0..<200 {
      clock.advance(by: .seconds(4))
      #expect(await hear(here) == [])
      #expect(here.remembered(session.digest)?.session == session, "no store is asked, for however long")
    }
    try await there.setLogLevel("error", of: session.digest)
    #expect(here.remembered(session.digest)?.session == session)
    #expect(await hear(here) == [])
    #expect(here.remembered(session.digest) == nil)
    #expect(try await here.session(session.digest)?.logLevel == "error")
    #expect(here.remembered(session.digest)?.session.logLevel == "error")
    let moved = try await there.move(session, to: "new", at: "http://127.0.0.1:9002/mcp", speaking: .v20250618)
    #expect(moved?.upstreamSession == "new" && moved?.revision == .v20250618)
    _ = await hear(here)
    #expect(here.remembered(session.digest) == nil)
    #expect(try await here.session(session.digest) == moved)
  }

  @Test func V_041_anEndElsewhereIsHeardOf() async throws {
    let here = sessions()
    _ = await hear(here)
    let (ended, expired, kept) = (try await opened(here), try await opened(here), try await opened(here))
    try await store.noteMCPSessionUse([kept.digest], at: sample.now + .seconds(60))
    #expect(try await store.endMCPSession(ended.digest))
    #expect(await hear(here) == [ended.digest], "so that its streams are closed")
    try await store.removeIdleMCPSessions(usedBefore: sample.now + .seconds(60))
    #expect(await hear(here) == [expired.digest])
    for session in [ended, expired] {
      #expect(here.remembered(session.digest) == nil)
      #expect(try await here.session(session.digest) == nil)
    }
    #expect(here.remembered(kept.digest) != nil)
  }

  @Test func V_041_whatCantBeHeardOfIsAskedFor() async throws {
    let (here, there) = (sessions(), sessions())
    let session = try await opened(here)
    #expect(here.remembered(session.digest) == nil, "nothing was heard yet")
    _ = await hear(here)
    _ = try await here.session(session.digest)
    base.fail(with: .unavailable("locked"))
    clock.advance(by: .seconds(5))
    _ = await hear(here)
    #expect(here.remembered(session.digest) != nil)
    clock.advance(by: .milliseconds(1))
    #expect(here.remembered(session.digest) == nil)
    base.fail(with: nil)
    try await there.end(session.digest)
    #expect(try await here.session(session.digest) == nil, "the store is asked")
    #expect(await hear(here) == [session.digest])
    #expect(here.remembered(session.digest) == nil)
  }

  @Test func V_041_changesThatNobodyTellsAnyMoreMayBeAboutAnySession() async throws {
    let here = sessions()
    _ = await hear(here)
    let session = try await opened(here)
    let others = [try await opened(here), try await opened(here)]
    for gone in [session] + others { #expect(try await store.endMCPSession(gone.digest)) }
    try await store.removeMCPSessionChanges(butLast: 0)
    #expect(await hear(here) == [others[1].digest])
    #expect(here.remembered(session.digest) == nil)
    #expect(here.remembered(others[0].digest) == nil)
  }

  @Test func manyChangesAreHeardOfAtOnce() async throws {
    let here = sessions()
    _ = await hear(here)
    var all: [MCPSession] = []
    for _ in 0..<2500 { all.append(try await opened(here)) }
    for session in all { _ = try await store.endMCPSession(session.digest) }
    #expect(await hear(here).count == 2500)
    #expect(all.allSatisfy { here.remembered($0.digest) == nil })
  }

  @Test(arguments: [true, false])
  func V_041_whatWasReadBeforeAChangeIsNotRememberedAfterIt(_ isHere: Bool) async throws {
    let (here, there) = (sessions(), sessions())
    let session = try await opened(there)
    _ = await hear(here)
    store.afterRead {
      try await (isHere ? here : there).setLogLevel("error", of: session.digest)
      if !isHere { _ = await hear(here) }
    }
    #expect(try await here.session(session.digest)?.logLevel == nil, "read before, answered after")
    #expect(here.remembered(session.digest) == nil)
    #expect(try await here.session(session.digest)?.logLevel == "error")
    #expect(here.remembered(session.digest)?.session.logLevel == "error")
  }

  @Test func aReadDoesNotBringBackWhatEndedHere() async throws {
    let here = sessions()
    _ = await hear(here)
    let session = try await opened(here)
    store.afterRead { try await here.end(session.digest) }
    #expect(try await here.session(session.digest) == nil)
    try await here.open(session)
    #expect(here.remembered(session.digest) == nil)
  }

  @Test func whatIsTooLargeIsReadForEachCall() async throws {
    let here = sessions()
    _ = await hear(here)
    var session = sample.mcpSession()
    for (size, isRemembered) in [(MCPSessions.rememberedSize, true), (MCPSessions.rememberedSize + 1, false)] {
      session.digest = sample.digest()
      session.initializeRequest = Array(repeating: 32, count: size)
      try await here.open(session)
      #expect((here.remembered(session.digest) != nil) == isRemembered)
      #expect(try await here.session(session.digest) == session)
    }
  }

  @Test func useIsWrittenNowAndThenAndInBatches() async throws {
    let here = sessions()
    _ = await hear(here)
    var all: [MCPSession] = []
    for _ in 0..<2500 { all.append(try await opened(here)) }
    try await here.noteUse()
    #expect(store.notes == [], "opening a session is no use")
    clock.advance(by: .seconds(3600))
    _ = await hear(here)
    for _ in 0..<3 { for session in all { _ = here.remembered(session.digest) } }
    try await here.noteUse()
    #expect(store.notes == [1000, 1000, 500])
    #expect(try await base.mcpSession(all[1234].digest)?.usedAt == clock.now())
    clock.advance(by: .seconds(3599))
    _ = await hear(here)
    _ = here.remembered(all[7].digest)
    try await here.noteUse()
    #expect(store.notes.count == 3, "an hour is near enough")
    clock.advance(by: .seconds(1))
    _ = here.remembered(all[7].digest)
    try await here.noteUse()
    #expect(store.notes.last == 1)
    clock.advance(by: .seconds(-86_400))
    #expect(here.remembered(all[8].digest) == nil, "who knows how long ago changes were heard of")
    _ = await hear(here)
    _ = here.remembered(all[8].digest)
    try await here.noteUse()
    #expect(store.notes.count == 5, "a clock that was put back hides no use")
  }
}

/// What sessions share.
struct CommonPartsTests {
  @Test func equalPartsAreKeptOnceAndOthersStayApart() {
    let sample = Sample()
    var (one, other) = (sample.mcpSession(), sample.mcpSession())
    one.initializeRequest = Array(repeating: 1, count: 100)
    other.initializeRequest = Array(repeating: 1, count: 100)
    var parts = CommonParts()
    let (first, second) = (parts.sharing(one), parts.sharing(other))
    #expect(first == one && second == other)
    #expect(first.binding != second.binding)
    let places = [first, second].map { $0.initializeRequest.withUnsafeBytes { $0.baseAddress } }
    #expect(places[0] == places[1])
    for _ in 0..<10_100 {
      let next = sample.mcpSession()
      #expect(parts.sharing(next) == next)
    }
  }
}

/// Where sessions are remembered.
struct SessionMemoryTests {
  private let sample = Sample()

  @Test func anyOneMakesRoom() {
    var memory = SessionMemory(capacity: 100)
    let all = (0..<130).map { _ in KnownSession(sample.mcpSession()) }
    for session in all { memory.insert(session) }
    #expect(memory.count == 100)
    #expect(all.count { memory[$0.session.digest] != nil } == 100)
    #expect(memory[all[129].session.digest] === all[129], "the newest is there")
    #expect(all[..<30].contains { memory[$0.session.digest] != nil }, "not the oldest went")
  }

  @Test func thoseWhoTakeTurnsAreMostlyFound() {
    var memory = SessionMemory(capacity: 1000)
    let all = (0..<1100).map { _ in KnownSession(sample.mcpSession()) }
    var found = 0
    for _ in 0..<10 {
      for session in all {
        if memory[session.session.digest] != nil { found += 1 } else { memory.insert(session) }
      }
    }
    #expect(found > 10 * 700, "\(found) of 11000")
  }

  @Test func whatIsRemovedIsGoneAndNothingElse() {
    var memory = SessionMemory(capacity: 10)
    let all = (0..<10).map { _ in KnownSession(sample.mcpSession()) }
    for session in all + all { memory.insert(session) }
    #expect(memory.count == 10)
    for (index, session) in all.enumerated() where index % 3 == 0 {
      memory.remove(session.session.digest)
      memory.remove(session.session.digest)
    }
    for (index, session) in all.enumerated() {
      #expect((memory[session.session.digest] === session) == (index % 3 != 0))
    }
    #expect(memory.count == 6)
    var again = all[0].session
    again.logLevel = "error"
    memory.insert(KnownSession(again))
    memory.insert(KnownSession(again))
    #expect(memory[again.digest]?.session == again)
    #expect(memory.count == 7)
  }
}
