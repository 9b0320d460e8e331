import MCPProtocol
import MartletDomain
import OAuthProtocol
import StrictCoding
import Synchronization

/// The server behind a route: its instances, and what was learned about it while it was used. What was learned goes on to
/// the next configuration snapshot where the server is still the same; all of it may be lost without a wrong decision.
public final class UpstreamServer: Sendable {
  /// Which eras the server speaks, as far as somebody asked it.
  struct SpokenEras: Sendable, Equatable {
    var modern: Bool?
    var legacy: Bool?

    subscript(era: Era) -> Bool? {
      get { era == .modern ? modern : legacy }
      set { if era == .modern { modern = newValue } else { legacy = newValue } }
    }
  }

  private final class Knowledge: Sendable {
    let eras: Mutex<SpokenEras>
    let wire: ServerWireMemory
    let turn = Atomic<Int>(0)
    let revision: Mutex<ProtocolRevision?>

    init(pinned: ProtocolRevision?) {
      wire = ServerWireMemory(pinned: pinned)
      revision = Mutex(pinned)
      eras = Mutex(SpokenEras(modern: pinned.map { $0.era == .modern }, legacy: pinned.map { $0.era == .legacy }))
    }
  }

  private let instances: [UpstreamInstance]
  private let active: [UpstreamInstance]
  private let pinned: ProtocolRevision?
  private let knowledge: Knowledge

  /// - Parameters:
  ///   - addresses: The configured instances.
  ///   - pinned: The revision of `protocol:`; `nil` to find out.
  ///   - previous: The server as it was configured before.
  init(_ addresses: [UpstreamAddress], pinned: ProtocolRevision?, after previous: UpstreamServer? = nil) {
    let known = Dictionary(
      (previous?.instances ?? []).map { ($0.url, $0) }, uniquingKeysWith: { first, _ in first })
    let members = addresses.map { (known[$0.url] ?? UpstreamInstance(url: $0.url), $0.isDraining) }
    instances = members.map(\.0)
    let staying = members.filter { !$0.1 }.map(\.0)
    active = staying.isEmpty ? members.map(\.0) : staying
    self.pinned = pinned
    let isTheSame = previous?.pinned == pinned && addresses.contains { known[$0.url] != nil }
    knowledge = isTheSame ? previous?.knowledge ?? Knowledge(pinned: pinned) : Knowledge(pinned: pinned)
  }

  /// How the server carries messages of the legacy era.
  var wire: ServerWireMemory { knowledge.wire }

  var spokenEras: SpokenEras { knowledge.eras.withLock { $0 } }

  func learn(_ era: Era, isSpoken: Bool?) { knowledge.eras.withLock { $0[era] = isSpoken } }

  /// What the server chose to speak with a legacy client.
  func learn(_ revision: ProtocolRevision) {
    guard revision.era == .legacy else { return }
    knowledge.revision.withLock { $0 = revision }
  }

  /// What the server will most likely choose to speak with a legacy client.
  func revision(agreedWith wanted: ProtocolRevision) -> ProtocolRevision {
    guard let known = knowledge.revision.withLock({ $0 }), known.era == .legacy else { return wanted }
    return min(known, wanted)
  }

  // MARK: - Instances

  /// Those that take something new.
  var urls: [AbsoluteURL] { active.map(\.url) }

  /// The instance of a URL as a session remembers it; `nil` where the configuration doesn't name it any more.
  func instance(_ url: String) -> UpstreamInstance? { instances.first { $0.url.string.equalsBytewise(url) } }

  /// Whether a session may stay on an instance: it is configured, doesn't drain, and is there.
  func keeps(_ url: String) -> Bool {
    guard let instance = active.first(where: { $0.url.string.equalsBytewise(url) }) else { return false }
    guard active.count > 1, instance.ejectedFor == .unreachable else { return true }
    return !active.contains { $0.ejectedFor == nil }
  }

  /// The instance that began a task, as it was remembered, where it can be asked for it: it is configured, drained or
  /// not, and there.
  func home(_ url: String) -> UpstreamInstance? {
    guard let instance = instance(url), instance.ejectedFor != .unreachable else { return nil }
    return instance
  }

  /// Whether a session could live elsewhere than on an instance.
  func hasOther(than url: String) -> Bool { active.contains { !$0.url.string.equalsBytewise(url) } }

  /// Where a session should begin, best first.
  ///
  /// - Parameter gone: An instance that was just found to be unreachable; it comes last.
  func placement(of session: ArtefactDigest, avoiding gone: UpstreamInstance? = nil) -> [UpstreamInstance] {
    let order = Rendezvous.order(healthy, for: session)
    guard let gone, order.count > 1 else { return order }
    return order.filter { $0 !== gone } + order.filter { $0 === gone }
  }

  /// Where a request without a session should go, best first: the least loaded, in turns where several are.
  var leastLoaded: [UpstreamInstance] {
    let candidates = healthy
    guard candidates.count > 1 else { return candidates }
    let turn = knowledge.turn.add(1, ordering: .relaxed).oldValue & 0xFFFF
    let rotated = candidates.indices.map { candidates[($0 + turn) % candidates.count] }
    return rotated.map { ($0, $0.load) }.sorted { $0.1 < $1.1 }.map(\.0)
  }

  /// Those that aren't left out; where all would be, all of them: a guess about health must not take a server away.
  private var healthy: [UpstreamInstance] {
    guard active.count > 1 else { return active }
    let healthy = active.filter { $0.ejectedFor == nil }
    return healthy.isEmpty ? active : healthy
  }
}

/// Where an instance of a server is.
public struct UpstreamAddress: Sendable, Hashable {
  /// Its MCP endpoint.
  public let url: AbsoluteURL
  /// Whether it gets nothing new, and its sessions move elsewhere when they are next used.
  public let isDraining: Bool

  /// Describes an instance.
  public init(url: AbsoluteURL, isDraining: Bool = false) {
    self.url = url
    self.isDraining = isDraining
  }
}
