import OAuthClient
import OAuthProtocol

/// Carries requests to fake providers by origin; every other origin can't be reached.
public struct FakeNetwork: DocumentFetching {
  private let providers: [FakeIdentityProvider]

  /// Connects providers.
  public init(_ providers: FakeIdentityProvider...) { self.providers = providers }

  /// Asks the provider of that origin.
  public func get(
    _ url: AbsoluteURL, accept: String, limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    try provider(url).get(url)
  }

  /// Posts to the provider of that origin.
  public func post(
    _ url: AbsoluteURL, body: RequestBody, headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    try provider(url).post(url, form: body.bytes, headers: headers)
  }

  private func provider(_ url: AbsoluteURL) throws(FetchError) -> FakeIdentityProvider {
    guard let provider = providers.first(where: { $0.origin == url.origin.string }) else {
      throw .connectionFailed("nobody at \(url.origin)")
    }
    return provider
  }
}
