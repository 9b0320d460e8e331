import MCPProtocol
import MartletDomain
import NIOCore
import Synchronization

/// Which upstream session serves a modern client: who it is, through which client, on which route, and what it can do.
struct BridgeSessionKey: Hashable, Sendable {
  /// Tenant, issuer, subject, client and route.
  let binding: PrincipalBinding
  /// SHA-256 of the declared capabilities: a server asks a session for what its `initialize` declared.
  let capabilities: [UInt8]
}

/// A session with a legacy upstream that serves the requests of a modern client, from any event loop.
final class BridgeSession: Sendable {
  private struct State {
    var lastID: Int64 = 0
    var logLevel: LogLevel?
    var leases = 0
    var usedAt: Timestamp
  }

  let key: BridgeSessionKey
  let upstream: UpstreamSession
  let server: LegacyServer
  let contact: LegacyContact
  /// What it tells about changes.
  let feed: OnLoop<ChangeFeed>
  private let home: any EventLoop
  private let clock: any WallClock
  private let state: Mutex<State>

  /// - Parameter eventLoop: Where the session began; the call must come from there.
  init(
    key: BridgeSessionKey, upstream: UpstreamSession, contact: LegacyContact, clock: any WallClock,
    eventLoop: any EventLoop
  ) {
    self.key = key
    self.upstream = upstream
    self.contact = contact
    self.clock = clock
    server = LegacyServer(initialize: upstream.response.result, hasSession: upstream.id != nil)
    home = eventLoop
    feed = OnLoop(
      ChangeFeed(upstream: upstream, contact: contact, eventLoop: eventLoop), eventLoop: eventLoop)
    state = Mutex(State(usedAt: clock.now()))
  }

  /// An id for a request: never given twice in this session.
  func nextID() -> JSONRPCID {
    state.withLock { state in
      state.lastID += 1
      return .number(state.lastID)
    }
  }

  /// Whether the server has to be told a level, so that it sends what is wanted. It is never told a graver one than
  /// another request may still want: who wants less hears less here.
  func mustSet(_ level: LogLevel) -> Bool {
    guard server.logs else { return false }
    return state.withLock { state in
      if let current = state.logLevel, current <= level { return false }
      state.logLevel = level
      return true
    }
  }

  /// Whether the session lives on one of these instances.
  func lives(on urls: [String]) -> Bool { urls.contains { $0.equalsBytewise(upstream.instance.string) } }

  func lease() -> BridgeLease {
    state.withLock { $0.leases += 1 }
    return BridgeLease(self)
  }

  fileprivate func release() {
    let now = clock.now()
    state.withLock { state in
      state.leases -= 1
      state.usedAt = now
    }
  }

  /// When it was last used; nil while it is in use.
  var idleSince: Timestamp? { state.withLock { $0.leases > 0 ? nil : $0.usedAt } }

  /// Ends it at the upstream.
  func end() {
    let (contact, upstream, home) = (self.contact, self.upstream, self.home)
    feed { feed in
      feed.end()
      contact.end(upstream, on: home)
    }
  }
}

/// Keeps a session from ending while somebody uses it.
final class BridgeLease: Sendable {
  let session: BridgeSession

  fileprivate init(_ session: BridgeSession) { self.session = session }

  deinit { session.release() }
}
