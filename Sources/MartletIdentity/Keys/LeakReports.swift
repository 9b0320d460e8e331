import MartletDomain
import OAuthClient
import StrictCoding

/// Ends keys that somebody found in the open.
///
/// A whole key is its own proof that it leaked, so nobody has to be known who reports one, and the worst that a report
/// does is to end what its sender could use. Reports of keys that don't exist are counted by network.
public struct LeakReports: Sendable {
  /// What became of a reported key. Whoever reported it isn't told.
  public enum Outcome: Sendable, Hashable {
    /// It ended now; what it is called.
    case ended(String)
    /// It opens nothing, or is none.
    case nothing
    /// Too many of that network were none: no more are looked at for a while.
    case wait
  }

  private let store: any APIKeyStore & AdminTokenStore
  private let keys: APIKeys
  private let adminTokens: AdminTokens
  private let guesses: KeyGuesses
  private let clock: any WallClock

  /// Assembles the desk.
  public init(
    store: any APIKeyStore & AdminTokenStore, keys: APIKeys, adminTokens: AdminTokens, clock: any WallClock
  ) {
    self.store = store
    self.keys = keys
    self.adminTokens = adminTokens
    self.clock = clock
    guesses = KeyGuesses(clock: clock)
  }

  /// Ends a key, or a bearer of the admin API.
  ///
  /// - Parameters:
  ///   - presented: What was found.
  ///   - asker: Where the report came from.
  /// - Throws: `StoreError`; the report may be sent again.
  public func end(_ presented: String, by asker: Asker) async throws(StoreError) -> Outcome {
    guard let text = KeyText(Array(presented.utf8)) else { return .nothing }
    do throws(KeyGuesses.Obstacle) {
      return switch text.kind {
      case .apiKey: try await endKey(text, by: asker)
      case .adminToken: try await endBearer(text, by: asker)
      }
    } catch {
      switch error {
      case .wait: return .wait
      case .store(let error): throw error
      }
    }
  }

  private func endKey(_ text: KeyText, by asker: Asker) async throws(KeyGuesses.Obstacle) -> Outcome {
    let known = try await guesses.find(text, from: asker.address ?? "", digest: \.key.digest) {
      () async throws(StoreError) in try await store.apiKey(APIKeyID(text.id))
    }
    guard let key = known?.key, key.isLive(at: clock.now()) else { return .nothing }
    do { try await keys.revoke([key], reason: "leaked", by: asker) } catch {
      if case .store(let error) = error { throw .store(error) }
      return .nothing
    }
    return .ended(key.name)
  }

  private func endBearer(_ text: KeyText, by asker: Asker) async throws(KeyGuesses.Obstacle) -> Outcome {
    let token = try await guesses.find(text, from: asker.address ?? "", digest: \.digest) {
      () async throws(StoreError) in try await store.adminToken(AdminTokenID(text.id))
    }
    guard let token else { return .nothing }
    do { try await adminTokens.revoke(token.id, by: asker.subject) } catch {
      if case .store(let error) = error { throw .store(error) }
      return .nothing
    }
    return .ended("admin bearer \(token.id)")
  }
}
