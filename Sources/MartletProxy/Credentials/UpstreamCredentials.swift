import MartletDomain
import MartletVault
import OAuthProtocol

/// Hands out upstream credentials: the vault, as the request path sees it.
public protocol UpstreamCredentials: Sendable {
  /// A credential for a call.
  ///
  /// - Parameters:
  ///   - key: Whose, for which server.
  ///   - completion: Called once, from anywhere, where there is no answer at once.
  /// - Returns: The answer where it is known at once, and then `completion` isn't called.
  func credential(for key: ConnectionKey, completion: @escaping Vault.Completion) -> CredentialAnswer?

  /// The header field that opens a server with what `credential` answered.
  ///
  /// - Returns: `nil` where the server takes another kind of credential by now.
  func field(with access: UpstreamAccess, for key: ConnectionKey) -> UpstreamCredential?

  /// Another credential for a call whose credential its server refused (401).
  ///
  /// - Parameters:
  ///   - access: The refused one.
  ///   - key: Whose, for which server.
  ///   - completion: Called once.
  func replacement(for access: UpstreamAccess, of key: ConnectionKey, completion: @escaping Vault.Completion)

  /// Notes that a server refused (401) what has just been renewed.
  ///
  /// - Parameters:
  ///   - access: The refused one.
  ///   - key: Whose, for which server.
  ///   - completion: Called once.
  func reject(_ access: UpstreamAccess, of key: ConnectionKey, completion: @escaping @Sendable () -> Void)

  /// Notes that a server takes a credential that it refused before.
  func accept(_ access: UpstreamAccess, of key: ConnectionKey)

  /// Notes that a server wants more than was granted (403 `insufficient_scope`), so that its user is asked for it.
  ///
  /// - Parameters:
  ///   - wanted: What the server named; may be empty.
  ///   - access: The credential that wasn't enough.
  ///   - key: Whose, for which server.
  ///   - completion: Called once. `nil` where nothing can be asked for, or nobody knows.
  func demandScopes(
    _ wanted: ScopeSet, beyond access: UpstreamAccess, of key: ConnectionKey,
    completion: @escaping @Sendable (ScopeDemand?) -> Void)

  /// The path of the page on which the owner of an account connects it, good for that user alone.
  ///
  /// - Returns: `nil` where there is none.
  func connectPath(for key: ConnectionKey) -> String?
}

extension Vault: UpstreamCredentials {}

/// There are none: every server that needs one can't be called.
struct NoCredentials: UpstreamCredentials {
  func credential(for key: ConnectionKey, completion: @escaping Vault.Completion) -> CredentialAnswer? {
    .unavailable(retryAt: nil)
  }

  func field(with access: UpstreamAccess, for key: ConnectionKey) -> UpstreamCredential? { nil }

  func replacement(for access: UpstreamAccess, of key: ConnectionKey, completion: @escaping Vault.Completion) {
    completion(.unavailable(retryAt: nil))
  }

  func reject(_ access: UpstreamAccess, of key: ConnectionKey, completion: @escaping @Sendable () -> Void) {
    completion()
  }

  func accept(_ access: UpstreamAccess, of key: ConnectionKey) {}

  func demandScopes(
    _ wanted: ScopeSet, beyond access: UpstreamAccess, of key: ConnectionKey,
    completion: @escaping @Sendable (ScopeDemand?) -> Void
  ) {
    completion(nil)
  }

  func connectPath(for key: ConnectionKey) -> String? { nil }
}
