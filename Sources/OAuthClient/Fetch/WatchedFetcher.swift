import OAuthProtocol

/// Fetches within a list of hosts, and tells what was refused.
public struct WatchedFetcher: DocumentFetching {
  private let base: any DocumentFetching
  private let admits: @Sendable (AbsoluteURL) -> Bool
  private let refused: @Sendable (AbsoluteURL, String) -> Void

  /// - Parameters:
  ///   - base: Does the work.
  ///   - admits: Whether a URL may be asked for at all.
  ///   - refused: Hears of every URL that was blocked, here or by `base`, and why.
  public init(
    _ base: any DocumentFetching, admits: @escaping @Sendable (AbsoluteURL) -> Bool = { _ in true },
    refused: @escaping @Sendable (AbsoluteURL, String) -> Void
  ) {
    self.base = base
    self.admits = admits
    self.refused = refused
  }

  /// Fetches a document, where that is admitted.
  public func get(_ url: AbsoluteURL, accept: String, limits: FetchLimits) async throws(FetchError) -> FetchedDocument {
    do {
      try admit(url)
      return try await base.get(url, accept: accept, limits: limits)
    } catch { throw told(error, url) }
  }

  /// Posts something, where that is admitted.
  public func post(
    _ url: AbsoluteURL, body: RequestBody, headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    do {
      try admit(url)
      return try await base.post(url, body: body, headers: headers, limits: limits)
    } catch { throw told(error, url) }
  }

  private func admit(_ url: AbsoluteURL) throws(FetchError) {
    if !admits(url) { throw .blocked("host not listed") }
  }

  private func told(_ error: FetchError, _ url: AbsoluteURL) -> FetchError {
    if case .blocked(let reason) = error { refused(url, reason) }
    return error
  }
}
