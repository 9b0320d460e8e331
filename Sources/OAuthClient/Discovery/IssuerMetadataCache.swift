import OAuthProtocol
import StrictCoding

/// Remembers metadata of issuers, so that a login doesn't wait for discovery and an issuer's outage doesn't stop what
/// still works.
public actor IssuerMetadataCache {
  private struct Entry {
    var metadata: AuthorizationServerMetadata?
    var fetchedAt: Int64 = 0
    var retryAt: Int64 = .min
    var lastError = DiscoveryError.notFound
  }

  private static let freshMilliseconds: Int64 = 3_600_000
  private static let staleMilliseconds: Int64 = 86_400_000
  private static let retryMilliseconds: Int64 = 5_000

  private let clock: MillisecondClock
  private let discover: @Sendable (String) async throws(DiscoveryError) -> AuthorizationServerMetadata
  private var entries = BoundedCache<ByteString, Entry>(capacity: 1_000)
  private var flights = FlightTable<ByteString>()

  /// - Parameters:
  ///   - clock: The present.
  ///   - discover: How an issuer's metadata is found, usually `MetadataDiscovery`.
  public init(
    clock: @escaping MillisecondClock,
    discover: @escaping @Sendable (String) async throws(DiscoveryError) -> AuthorizationServerMetadata
  ) {
    self.clock = clock
    self.discover = discover
  }

  /// The metadata of an issuer: at most an hour old, or a day while the issuer can't be asked.
  ///
  /// - Throws: `DiscoveryError`; a failure is remembered for 5 s.
  public func metadata(issuer: String) async throws(DiscoveryError) -> AuthorizationServerMetadata {
    let key = ByteString(issuer)
    if mustFetch(key) { await refresh(key, issuer: issuer) }
    let entry = entries[key] ?? Entry()
    guard let metadata = entry.metadata, clock() - entry.fetchedAt <= Self.staleMilliseconds else {
      throw entry.lastError
    }
    return metadata
  }

  private func mustFetch(_ key: ByteString) -> Bool {
    guard let entry = entries[key] else { return true }
    let now = clock()
    if entry.metadata == nil { return flights.isFlying(key) || now >= entry.retryAt }
    return now - entry.fetchedAt > Self.freshMilliseconds && now >= entry.retryAt && !flights.isFlying(key)
  }

  private func refresh(_ key: ByteString, issuer: String) async {
    if flights.isFlying(key) {
      return await withCheckedContinuation { flights.wait(for: key, $0) }
    }
    flights.begin(key)
    defer { flights.end(key) }
    var entry = entries[key] ?? Entry()
    do throws(DiscoveryError) {
      entry.metadata = try await discover(issuer)
      entry.fetchedAt = clock()
      entry.retryAt = .min
    } catch {
      entry.lastError = error
      entry.retryAt = clock() + Self.retryMilliseconds
    }
    entries[key] = entry
  }
}
