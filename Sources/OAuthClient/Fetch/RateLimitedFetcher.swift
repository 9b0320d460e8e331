import OAuthProtocol
import Synchronization

/// Bounds how often strangers can make Martlet fetch something: per host and in total.
public final class RateLimitedFetcher: DocumentFetching, Sendable {
  private struct Buckets {
    var total: RateBucket
    var hosts: BoundedCache<URLHost, RateBucket>
  }

  private let base: any DocumentFetching
  private let perHostPerMinute: Int
  private let clock: MillisecondClock
  private let buckets: Mutex<Buckets>

  /// - Parameters:
  ///   - base: Who fetches.
  ///   - perHostPerMinute: Fetches a minute from one host.
  ///   - totalPerMinute: Fetches a minute from all hosts.
  ///   - clock: The present.
  public init(
    _ base: any DocumentFetching, perHostPerMinute: Int = 20, totalPerMinute: Int = 300,
    clock: @escaping MillisecondClock
  ) {
    self.base = base
    self.perHostPerMinute = perHostPerMinute
    self.clock = clock
    let total = RateBucket(capacity: totalPerMinute, periodMilliseconds: 60_000, now: clock())
    self.buckets = Mutex(Buckets(total: total, hosts: BoundedCache(capacity: 4_096)))
  }

  /// Fetches a document by `GET`, or throws `.saturated`.
  public func get(
    _ url: AbsoluteURL, accept: String, limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    guard admits(url.host) else { throw .saturated }
    return try await base.get(url, accept: accept, limits: limits)
  }

  /// Posts something, or throws `.saturated`.
  public func post(
    _ url: AbsoluteURL, body: RequestBody, headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    guard admits(url.host) else { throw .saturated }
    return try await base.post(url, body: body, headers: headers, limits: limits)
  }

  private func admits(_ host: URLHost) -> Bool {
    let now = clock()
    return buckets.withLock { buckets in
      var own =
        buckets.hosts[host] ?? RateBucket(capacity: perHostPerMinute, periodMilliseconds: 60_000, now: now)
      // The host's own share first, so that one host can't use up everybody's.
      let isAdmitted = own.take(now: now) && buckets.total.take(now: now)
      buckets.hosts[host] = own
      return isAdmitted
    }
  }
}
