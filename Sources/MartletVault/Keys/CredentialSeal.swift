import MartletDomain
import StrictCoding

/// Seals credentials for one place alone: tenant, connection, column, key and version.
public struct CredentialSeal: Sendable {
  private let keys: DataKeys

  /// Seals under the tenants' keys.
  public init(keys: DataKeys) { self.keys = keys }

  /// Makes sure that sealing can't fail for want of a key: asked before a token is spent.
  ///
  /// - Throws: `VaultError`.
  func prepare(for tenant: TenantID) async throws(VaultError) { _ = try await keys.newest(of: tenant) }

  /// Seals tokens for a connection's version.
  ///
  /// - Throws: `VaultError`.
  public func seal(
    _ tokens: UpstreamTokens, for key: ConnectionKey, version: Int
  ) async throws(VaultError) -> [UInt8] {
    let sealer = try await keys.newest(of: key.tenant)
    do { return try sealer.seal(tokens.encoded, in: Self.context(key, version)) } catch { throw .seal(error) }
  }

  /// Opens the credential of a connection as it stands.
  ///
  /// - Returns: `nil` where the connection has none.
  /// - Throws: `VaultError`.
  public func open(_ connection: UpstreamConnection) async throws(VaultError) -> UpstreamTokens? {
    guard let sealed = connection.sealedCredential else { return nil }
    guard let name = Sealer.keyName(of: sealed) else { throw .seal(.notAuthentic) }
    let sealer = try await keys.key(named: name, of: connection.key.tenant)
    let bytes: [UInt8]
    do {
      bytes = try sealer.open(sealed, in: Self.context(connection.key, connection.ledger.version))
    } catch {
      throw .seal(error)
    }
    return try UpstreamTokens(decoding: bytes)
  }

  /// Forgets the keys of every tenant but these.
  func forget(allBut tenants: Set<TenantID>) { keys.forget(allBut: tenants) }

  /// A connection's credential, sealed for the same place under the tenant's newest key.
  ///
  /// - Returns: `nil` where it has none.
  /// - Throws: `VaultError`.
  public func reseal(_ connection: UpstreamConnection) async throws(VaultError) -> ResealedCredential? {
    guard let old = connection.sealedCredential, let tokens = try await open(connection) else { return nil }
    let version = connection.ledger.version
    let new = try await seal(tokens, for: connection.key, version: version)
    return ResealedCredential(key: connection.key, version: version, old: old, new: new)
  }

  private static func context(_ key: ConnectionKey, _ version: Int) -> SealContext {
    SealContext(
      tenant: key.tenant, record: "connection", id: key.identity, column: "sealed_credential", version: version)
  }
}

extension ConnectionKey {
  /// Route and owner as bytes that no other pair has: a path holds no NUL.
  var identity: [UInt8] { Array(route.path.utf8) + [0] + owner.stored.bytes }
}
