import OAuthProtocol
import StrictCoding

/// The documents of clients that are known by URL, fetched under guard and remembered.
///
/// Failures and invalid documents are never remembered as valid; a valid document outlives its host's outage by a week
/// (protocol.md G10).
///
/// Conforms to: OAuth Client ID Metadata Document draft-00 §4, §6; security-checks V-092…V-094.
public actor ClientMetadataDocuments {
  private struct Entry {
    let document: ClientMetadataDocument
    let fetchedAt: Int64
    let freshUntil: Int64
  }

  private struct Failure {
    let error: ClientMetadataError
    let until: Int64
  }

  private let fetcher: any DocumentFetching
  private let policy: HostPolicy
  private let store: any DocumentCacheStore
  private let limits: ClientMetadataLimits
  private let clock: MillisecondClock
  private let clientKeys: JWKSCache
  private var entries: BoundedCache<AbsoluteURL, Entry>
  private var failures: BoundedCache<AbsoluteURL, Failure>
  private var flights = FlightTable<AbsoluteURL>()

  /// - Parameters:
  ///   - fetcher: A guarded `SafeFetcher`, usually behind a `RateLimitedFetcher`.
  ///   - policy: Whose documents are fetched.
  ///   - store: Where documents outlive the process.
  ///   - limits: Times and sizes.
  ///   - clock: The present.
  public init(
    fetcher: any DocumentFetching, policy: HostPolicy = HostPolicy(),
    store: any DocumentCacheStore = MemoryDocumentCacheStore(), limits: ClientMetadataLimits = ClientMetadataLimits(),
    clock: @escaping MillisecondClock
  ) {
    self.fetcher = fetcher
    self.policy = policy
    self.store = store
    self.limits = limits
    self.clock = clock
    self.clientKeys = JWKSCache(fetcher: fetcher, clock: clock)
    self.entries = BoundedCache(capacity: limits.maxEntries)
    self.failures = BoundedCache(capacity: limits.maxEntries)
  }

  /// The client's current document.
  ///
  /// - Parameter clientID: The client identifier, already of the right shape.
  /// - Returns: A valid document, fresh or, while newer ones can't be had, at most a week old.
  /// - Throws: `ClientMetadataError`: `.invalid` says something about the client, `.unavailable` about the moment.
  public func document(for clientID: ClientIDMetadataURL) async throws(ClientMetadataError) -> ClientMetadataDocument {
    let url = clientID.url
    guard policy.admits(url.host) else { throw .invalid("host is not allowed") }
    if entries[url] == nil { await loadFromStore(clientID) }
    if let entry = entries[url], clock() < entry.freshUntil { return entry.document }
    if !isFailing(url) { await refresh(clientID) }
    if let entry = entries[url], isUsable(entry) { return entry.document }
    throw failures[url]?.error ?? .unavailable("busy")
  }

  /// The keys with which a `private_key_jwt` client may have signed.
  ///
  /// - Parameters:
  ///   - metadata: The client's metadata: its `jwks`, or else its `jwks_uri`, fetched under the same guard.
  ///   - kid: The assertion's key identifier.
  /// - Returns: At least one key.
  /// - Throws: `JWKSError`.
  public func keys(of metadata: ClientMetadata, kid: ByteString?) async throws(JWKSError) -> [JSONWebKey] {
    if let inline = metadata.jwks {
      let found = inline.keys.filter { key in kid == nil || key.keyID.map { ByteString($0) } == kid }
      guard !found.isEmpty else { throw .unknownKey }
      return found
    }
    guard let text = metadata.jwksURI, let url = try? AbsoluteURL(parsing: text) else { throw .unknownKey }
    guard policy.admits(url.host) else { throw .unavailable(.blocked("host is not allowed")) }
    return try await clientKeys.keys(from: url, kid: kid)
  }

  private func isUsable(_ entry: Entry) -> Bool { clock() - entry.fetchedAt <= limits.staleMilliseconds }

  private func isFailing(_ url: AbsoluteURL) -> Bool {
    guard let failure = failures[url] else { return false }
    return clock() < failure.until
  }

  private func loadFromStore(_ clientID: ClientIDMetadataURL) async {
    // A store that fails is an empty one: the document is fetched instead.
    guard let cached = try? await store.load(ByteString(clientID.string)), entries[clientID.url] == nil,
      let document = try? ClientMetadataDocument(parsing: cached.body, from: clientID)
    else { return }
    let freshUntil = min(cached.freshUntil, clock() + limits.maximumFreshMilliseconds)
    let entry = Entry(document: document, fetchedAt: min(cached.fetchedAt, clock()), freshUntil: freshUntil)
    if isUsable(entry) { entries[clientID.url] = entry }
  }

  private func refresh(_ clientID: ClientIDMetadataURL) async {
    let url = clientID.url
    if flights.isFlying(url) {
      // Whoever has an older document doesn't wait for a slow host.
      if let entry = entries[url], isUsable(entry) { return }
      return await withCheckedContinuation { flights.wait(for: url, $0) }
    }
    flights.begin(url)
    defer { flights.end(url) }
    do throws(FetchError) {
      let answer = try await fetcher.get(url, accept: "application/json", limits: limits.fetch)
      await accept(answer, for: clientID)
    } catch {
      await reject(Self.judge(error), for: clientID)
    }
  }

  private func accept(_ answer: FetchedDocument, for clientID: ClientIDMetadataURL) async {
    guard answer.status == 200 else { return await reject(Self.judge(.unexpectedStatus(answer.status)), for: clientID) }
    guard answer.isJSON else { return await reject(Self.judge(.notJSON("content type")), for: clientID) }
    let document: ClientMetadataDocument
    do {
      document = try ClientMetadataDocument(parsing: answer.body, from: clientID)
    } catch {
      return await reject((.invalid(error.reason ?? error.description), keepsOlder: false), for: clientID)
    }
    let lifetime = CacheLifetime(
      minimumMilliseconds: limits.minimumFreshMilliseconds, maximumMilliseconds: limits.maximumFreshMilliseconds,
      defaultMilliseconds: limits.defaultFreshMilliseconds)
    let now = clock()
    let freshUntil = now + lifetime.milliseconds(for: answer)
    entries[clientID.url] = Entry(document: document, fetchedAt: now, freshUntil: freshUntil)
    failures[clientID.url] = nil
    let cached = CachedDocument(body: answer.body, fetchedAt: now, freshUntil: freshUntil)
    try? await store.save(cached, for: ByteString(clientID.string))
  }

  private func reject(_ verdict: (error: ClientMetadataError, keepsOlder: Bool), for clientID: ClientIDMetadataURL)
    async
  {
    let isInvalid = if case .invalid = verdict.error { true } else { false }
    let pause = isInvalid ? limits.invalidMilliseconds : limits.unavailableMilliseconds
    failures[clientID.url] = Failure(error: verdict.error, until: clock() + pause)
    guard !verdict.keepsOlder else { return }
    entries[clientID.url] = nil
    try? await store.remove(ByteString(clientID.string))
  }

  /// What a failed fetch says about the client.
  ///
  /// A 403 or a page of HTML is often a host's defence against data centres (G10), so an
  /// older document stays; only what the owner himself says, that it is gone or different, ends it.
  private static func judge(_ error: FetchError) -> (error: ClientMetadataError, keepsOlder: Bool) {
    switch error {
    case .unresolvable, .connectionFailed, .tlsFailed, .timedOut, .saturated: (.unavailable("\(error)"), true)
    case .unexpectedStatus(404), .unexpectedStatus(410): (.invalid("\(error)"), false)
    case .unexpectedStatus(200..<400), .notJSON: (.invalid("\(error)"), true)
    case .unexpectedStatus: (.unavailable("\(error)"), true)
    case .blocked, .tooLarge, .malformedResponse: (.invalid("\(error)"), true)
    }
  }
}
