import MartletDomain

/// Why the vault couldn't read or keep a credential. Never a decision about the credential.
public enum VaultError: Error, Sendable, Equatable {
  /// The store couldn't.
  case store(StoreError)
  /// A value or a key couldn't be sealed or opened.
  case seal(SealError)
  /// What was opened isn't a credential.
  case malformed
}
