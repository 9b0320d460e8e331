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

  /// Posts something.
  ///
  /// - Parameters:
  ///   - url: Where; the same rules as for `get`.
  ///   - body: What.
  ///   - headers: Further header fields such as `Authorization`.
  ///   - limits: Bytes and time.
  /// - Returns: The answer, whatever its status.
  /// - Throws: `FetchError`.
  func post(
    _ url: AbsoluteURL, body: RequestBody, headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument
}

/// What is posted.
public struct RequestBody: Sendable {
  /// The media type.
  public let contentType: String
  /// The types that the answer may have.
  public let accept: String
  /// The bytes.
  public let bytes: [UInt8]

  /// Describes a body.
  public init(contentType: String, accept: String = "application/json", bytes: [UInt8]) {
    self.contentType = contentType
    self.accept = accept
    self.bytes = bytes
  }

  /// An encoded form (`application/x-www-form-urlencoded`).
  public static func form(_ bytes: [UInt8]) -> RequestBody {
    RequestBody(contentType: "application/x-www-form-urlencoded", bytes: bytes)
  }

  /// A JSON document.
  public static func json(_ bytes: [UInt8]) -> RequestBody {
    RequestBody(contentType: "application/json", bytes: bytes)
  }
}

extension DocumentFetching {
  /// Fetches a JSON document within the limits for metadata.
  public func get(_ url: AbsoluteURL) async throws(FetchError) -> FetchedDocument {
    try await get(url, accept: "application/json", limits: .metadata)
  }

  /// Posts a form.
  public func post(
    _ url: AbsoluteURL, form: [UInt8], headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    try await post(url, body: .form(form), headers: headers, limits: limits)
  }
}
