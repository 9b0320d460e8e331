import OAuthProtocol

/// What discovery, key sets, token requests and client documents need of an HTTP client.
public protocol DocumentFetching: Sendable {
  /// Fetches a document; redirects are answers like any other and never followed.
  ///
  /// - Parameters:
  ///   - url: Where; https unless the policy names the address for plain http.
  ///   - accept: The `Accept` header.
  ///   - limits: Bytes and time.
  /// - Returns: The answer, whatever its status.
  /// - Throws: `FetchError`.
  func get(_ url: AbsoluteURL, accept: String, limits: FetchLimits) async throws(FetchError) -> FetchedDocument

  /// Posts a form (`application/x-www-form-urlencoded`).
  ///
  /// - Parameters:
  ///   - url: Where; the same rules as for `get`.
  ///   - form: The encoded form.
  ///   - headers: Further header fields such as `Authorization`.
  ///   - limits: Bytes and time.
  /// - Returns: The answer, whatever its status.
  /// - Throws: `FetchError`.
  func post(
    _ url: AbsoluteURL, form: [UInt8], headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument
}

extension DocumentFetching {
  /// Fetches a JSON document within the limits for metadata.
  public func get(_ url: AbsoluteURL) async throws(FetchError) -> FetchedDocument {
    try await get(url, accept: "application/json", limits: .metadata)
  }
}
