import MartletDomain

/// Why a key wasn't made, rotated or taken away.
public enum APIKeyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name has characters or a length that names can't have.
  case invalidName
  /// The life is too short or too long.
  case invalidLifetime
  /// The grace is too long.
  case invalidGrace
  /// Servers, tools or addresses can't be what is meant.
  case invalidScope(String)
  /// The owner has a live key of that name.
  case nameTaken
  /// There is no such key.
  case unknownKey
  /// Several owners have a key of that name.
  case ambiguous
  /// The key was rotated or ended at the same moment.
  case changed
  /// There is no such owner, or it is disabled.
  case unknownOwner
  /// The job has no such delegation, or it has ended.
  case unknownDelegation
  /// The tenant is suspended or deleted.
  case closedTenant
  /// The store could not do it.
  case store(StoreError)

  /// What happened and what to do next.
  public var description: String {
    switch self {
    case .invalidName: "a key's name has 1 to 64 of the characters A-Z a-z 0-9 . _ -, for example production-v2"
    case .invalidLifetime: "a key lives between 1 second and 365 days, for example 30d"
    case .invalidGrace: "the grace is between 0s and 30 days, for example 24h"
    case .invalidScope(let reason): reason
    case .nameTaken: "this owner has a key of that name; rotate or revoke it, or choose another name"
    case .unknownKey: "there is no such key; `martlet key list` shows all"
    case .ambiguous: "several owners have a key of that name; name the owner"
    case .changed: "the key was rotated or ended at the same moment; look at it and try again"
    case .unknownOwner: "there is no such user, or it is disabled; `martlet user list` shows all"
    case .unknownDelegation: "this owner has no such delegation; `martlet delegation list` shows all"
    case .closedTenant: "the tenant is suspended or deleted; `martlet tenant list` shows all"
    case .store(.unavailable(let reason)): "the store is not available (\(reason)); try again"
    case .store(.corrupt(let reason)): "the store can't be read (\(reason)); restore it from a backup"
    }
  }
}
