import OAuthProtocol
import StrictCoding

/// The public keys of issuers, by their `jwks_uri`.
///
/// A token with an unknown `kid` makes at most one fetch per cooldown; good keys outlive an issuer's outage by a day
/// and are never replaced by junk or by nothing (security-checks V-073, R-30, R-31).
public actor JWKSCache {
  private struct Entry {
    var keys: [JSONWebKey] = []
    var fetchedAt: Int64 = .min
    var freshUntil: Int64 = .min
    var attemptedAt: Int64 = .min
    var lastError = FetchError.unresolvable("not fetched yet")
    var unknown = BoundedCache<ByteString, Int64>(capacity: 256)
  }

  private let fetcher: any DocumentFetching
  private let clock: MillisecondClock
  private let limits: JWKSLimits
  private var flights = FlightTable<AbsoluteURL>()
  private var entries: BoundedCache<AbsoluteURL, Entry>

  /// - Parameters:
  ///   - fetcher: Guarded for a `jwks_uri` that a client chose, operator-configured for an identity provider's.
  ///   - limits: Times and sizes.
  ///   - clock: The present.
  public init(fetcher: any DocumentFetching, limits: JWKSLimits = JWKSLimits(), clock: @escaping MillisecondClock) {
    self.fetcher = fetcher
    self.limits = limits
    self.clock = clock
    self.entries = BoundedCache(capacity: limits.maxIssuers)
  }

  var rememberedIssuers: Int { entries.count }

  /// The keys that may have made a signature.
  ///
  /// - Parameters:
  ///   - url: The issuer's `jwks_uri`, from its verified metadata; never from the token.
  ///   - kid: The token's key identifier; without one, all keys are candidates.
  ///   - isRetry: Whether the remembered keys didn't verify a token without `kid`, so that newer ones are worth a
  ///     fetch.
  /// - Returns: At least one key.
  /// - Throws: `.unknownKey`, or `.unavailable` when nothing can be concluded.
  public func keys(from url: AbsoluteURL, kid: ByteString?, isRetry: Bool = false) async throws(JWKSError)
    -> [JSONWebKey]
  {
    let isFetching = mustFetch(url, kid: kid, isRetry: isRetry)
    if isFetching { await refresh(url) }
    let entry = entries[url] ?? Entry()
    guard isUsable(entry) else { throw .unavailable(entry.lastError) }
    let found = Self.matching(kid, in: entry)
    if found.isEmpty {
      // Unknown is what a fetch didn't bring; during the pause between fetches it may be the issuer's new key.
      if let kid, isFetching { remember(unknown: kid, of: url) }
      throw .unknownKey
    }
    return found
  }

  private func mustFetch(_ url: AbsoluteURL, kid: ByteString?, isRetry: Bool) -> Bool {
    let now = clock()
    guard let entry = entries[url] else { return true }
    guard isUsable(entry) else {
      return flights.isFlying(url) || elapsed(since: entry.attemptedAt, now) >= limits.failureCooldownMilliseconds
    }
    let isKnown = !isRetry && !Self.matching(kid, in: entry).isEmpty
    if isKnown, now < entry.freshUntil { return false }
    // Good keys are served while somebody else asks for newer ones: a slow issuer delays one caller only.
    if flights.isFlying(url) { return !isKnown }
    if !isKnown, let kid, isRemembered(kid, of: url, now) { return false }
    return elapsed(since: entry.attemptedAt, now) >= limits.cooldownMilliseconds
  }

  private func refresh(_ url: AbsoluteURL) async {
    if flights.isFlying(url) {
      return await withCheckedContinuation { flights.wait(for: url, $0) }
    }
    flights.begin(url)
    var entry = entries[url] ?? Entry()
    entry.attemptedAt = clock()
    entries[url] = entry
    store(await FetchedKeys.fetch(url, fetcher, limits), for: url)
    flights.end(url)
  }

  private func store(_ result: Result<FetchedKeys, FetchError>, for url: AbsoluteURL) {
    let now = clock()
    var entry = entries[url] ?? Entry()
    entry.attemptedAt = max(entry.attemptedAt, now)
    switch result {
    case .success(let fetched):
      entry.keys = fetched.keys
      entry.fetchedAt = now
      entry.freshUntil = now + fetched.lifetimeMilliseconds
    case .failure(let error):
      entry.lastError = error
    }
    entries[url] = entry
  }

  private func isUsable(_ entry: Entry) -> Bool {
    !entry.keys.isEmpty && elapsed(since: entry.fetchedAt, clock()) <= limits.staleMilliseconds
  }

  private func isRemembered(_ kid: ByteString, of url: AbsoluteURL, _ now: Int64) -> Bool {
    guard let until = entries[url]?.unknown[kid] else { return false }
    return now < until
  }

  private func remember(unknown kid: ByteString, of url: AbsoluteURL) {
    guard kid.bytes.count <= 256, var entry = entries[url], !isRemembered(kid, of: url, clock()) else { return }
    entry.unknown[kid] = clock() + limits.unknownKidMilliseconds
    entries[url] = entry
  }

  private func elapsed(since past: Int64, _ now: Int64) -> Int64 {
    let (difference, overflow) = now.subtractingReportingOverflow(past)
    return overflow ? .max : difference
  }

  private static func matching(_ kid: ByteString?, in entry: Entry) -> [JSONWebKey] {
    guard let kid else { return entry.keys }
    return entry.keys.filter { key in key.keyID.map { ByteString($0) } == kid }
  }
}
