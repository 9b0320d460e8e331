import MartletDomain

/// Why signing keys can't be had or changed.
public enum SigningKeyError: Error, Sendable, Equatable {
  /// The store doesn't answer.
  case store(StoreError)
  /// A key doesn't open: it was sealed under another key-encryption key, or damaged.
  case unreadable(kid: String, SealError)
  /// There is no key to sign with; nothing was loaded yet.
  case noKey
  /// Other processes rotated at the same moment, again and again.
  case contended
  /// The cryptographic library refused.
  case signing(String)
}
