import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Why a client's published keys can't be had.
public enum ClientKeysError: Error, Sendable, Equatable {
  /// The client publishes keys, but not this one.
  case unknownKey
  /// Its keys can't be fetched right now: 503, never `invalid_client`.
  case unavailable(reason: String)
}

/// Gets the keys that a client publishes at its `jwks_uri`.
public protocol ClientKeys: Sendable {
  /// The keys that may have signed.
  ///
  /// - Parameters:
  ///   - uri: The registered `jwks_uri`; someone else chose it, so the fetch has to be guarded (invariant 8).
  ///   - kid: The key that the assertion names; nil for all.
  func keys(at uri: AbsoluteURL, kid: ByteString?) async throws(ClientKeysError) -> [JSONWebKey]
}

/// Client keys over the guarded, cached fetch of `OAuthClient`.
public struct PublishedClientKeys: ClientKeys {
  private let cache: JWKSCache

  /// Uses a cache whose fetcher is a guarded one.
  public init(cache: JWKSCache) { self.cache = cache }

  /// The keys that may have signed.
  public func keys(at uri: AbsoluteURL, kid: ByteString?) async throws(ClientKeysError) -> [JSONWebKey] {
    do {
      return try await cache.keys(from: uri, kid: kid)
    } catch {
      switch error {
      case .unknownKey: throw .unknownKey
      case .unavailable(let cause): throw .unavailable(reason: "\(cause)")
      }
    }
  }
}
