import MartletDomain
import StrictCoding
import Synchronization

/// Why an API key was not accepted.
public enum KeyRejection: Error, Sendable, Hashable {
  /// It isn't good here; the reason is for the trail.
  case invalid(reason: String)
  /// Too many wrong ones came from there.
  case tooManyGuesses(seconds: Int64)
  /// It can't be looked up at present.
  case unavailable
}

/// Proves API keys. Unlike an access token a key has to be looked up; the answer is remembered.
public protocol KeyVerifier: Sendable {
  /// Verifies a key for one route.
  ///
  /// - Parameters:
  ///   - key: The key as sent.
  ///   - route: The route that the request is for.
  ///   - address: Where the request came from.
  /// - Returns: The principal, as of a moment before anything was looked up.
  /// - Throws: `KeyRejection`.
  func verify(_ key: ByteString, for route: RouteID, from address: String) async throws(KeyRejection) -> Principal
}

/// When each key was used, until somebody writes it down.
final class KeyUse: Sendable {
  private let times = Mutex<[APIKeyID: Timestamp]>([:])

  func note(_ key: APIKeyID, at now: Timestamp) { times.withLock { $0[key] = now } }

  /// Hands over what was noted since the last time.
  func take() -> [APIKeyID: Timestamp] {
    times.withLock { times in
      defer { times.removeAll(keepingCapacity: true) }
      return times
    }
  }
}
