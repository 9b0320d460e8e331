import MartletDomain
import MartletPolicy
import StrictCoding
import Synchronization

/// Which definitions of tools are trusted: the first that was seen, until somebody accepts another one (V-031).
final class ToolPinning: Sendable {
  private struct Place: Hashable {
    let tenant: TenantID
    let route: RouteID
  }

  private struct Entry {
    let pins: [ByteString: [UInt8]]
    let until: Timestamp
  }

  /// How long what the store said is remembered: 2 s.
  static let memory = Duration.seconds(2)

  private let store: any ToolPinStore
  private let audit: any AuditSink
  private let clock: any WallClock
  private let entries = Mutex<[Place: Entry]>([:])

  init(store: any ToolPinStore, audit: any AuditSink, clock: any WallClock) {
    self.store = store
    self.audit = audit
    self.clock = clock
  }

  /// What is remembered; `nil` where the store has to be asked.
  func remembered(_ principal: Principal) -> [ByteString: [UInt8]]? {
    let now = clock.now()
    return entries.withLock { entries in
      guard let entry = entries[Place(tenant: principal.tenant, route: principal.route)], entry.until > now else {
        return nil
      }
      return entry.pins
    }
  }

  /// Takes note of what a server shows.
  ///
  /// - Returns: What is trusted.
  @discardableResult
  func observe(_ definitions: ToolDefinitions, by principal: Principal) async throws(StoreError)
    -> [ByteString: [UInt8]]
  {
    let place = Place(tenant: principal.tenant, route: principal.route)
    let seen = definitions.tools.map { SeenTool(tool: $0.key, digest: $0.value.digest, isPlain: $0.value.isPlain) }
    let (pins, noticed) = try await store.observeTools(
      seen.sorted { $0.tool < $1.tool }, tenant: place.tenant, route: place.route, capacity: ToolDefinitions.most,
      at: clock.now())
    for tool in noticed {
      audit.record(
        AuditEvent(
          at: clock.now(), action: .toolChanged, tenant: place.tenant, subject: principal.subject.string,
          client: principal.client, route: place.route.path, target: tool.string))
    }
    // One that was never trusted fits no definition.
    let trusted = Dictionary(pins.map { ($0.tool, $0.trusted ?? []) }, uniquingKeysWith: { first, _ in first })
    let until = clock.now() + Self.memory
    entries.withLock { entries in
      if entries.count >= 10_000 { entries.removeAll(keepingCapacity: true) }
      entries[place] = Entry(pins: trusted, until: until)
    }
    return trusted
  }
}
