import OAuthProtocol

/// A key set that has at least one key to verify signatures with.
struct FetchedKeys: Sendable {
  let keys: [JSONWebKey]
  let lifetimeMilliseconds: Int64

  static func fetch(
    _ url: AbsoluteURL, _ fetcher: any DocumentFetching, _ limits: JWKSLimits
  ) async -> Result<FetchedKeys, FetchError> {
    do throws(FetchError) {
      let document = try await fetcher.get(
        url, accept: "application/jwk-set+json, application/json", limits: limits.fetch)
      // Some issuers serve their keys as text/plain; the parser is strict enough.
      let json = try document.jsonObject(requireJSONType: false)
      guard let keys = try? JSONWebKeySet(json: json).keys, !keys.isEmpty else { throw .notJSON("no usable key") }
      let lifetime = CacheLifetime(
        minimumMilliseconds: 60_000, maximumMilliseconds: 3_600_000, defaultMilliseconds: limits.freshMilliseconds)
      return .success(FetchedKeys(keys: keys, lifetimeMilliseconds: lifetime.milliseconds(for: document)))
    } catch {
      return .failure(error)
    }
  }
}
