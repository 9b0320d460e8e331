import OAuthClient
import OAuthProtocol

/// Reaches what the operator wrote down wherever it is, and everything else within the egress policy (V-090, V-097).
struct OriginTrust: DocumentFetching {
  let trusted: Set<HTTPOrigin>
  let operatorConfigured: any DocumentFetching
  let guarded: any DocumentFetching

  func get(_ url: AbsoluteURL, accept: String, limits: FetchLimits) async throws(FetchError) -> FetchedDocument {
    try await fetcher(for: url).get(url, accept: accept, limits: limits)
  }

  func post(
    _ url: AbsoluteURL, body: RequestBody, headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    try await fetcher(for: url).post(url, body: body, headers: headers, limits: limits)
  }

  private func fetcher(for url: AbsoluteURL) -> any DocumentFetching {
    trusted.contains(url.origin) ? operatorConfigured : guarded
  }
}
