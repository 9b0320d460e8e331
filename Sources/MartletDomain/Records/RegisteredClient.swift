import OAuthProtocol
import StrictCoding

/// How a client came to be known.
public enum ClientOrigin: String, Sendable, CaseIterable {
  /// Written in the configuration file.
  case configuration
  /// Added by `martlet client add`.
  case administrator
  /// Registered itself (RFC 7591).
  case dynamicRegistration
  /// Described by the document that its id points to (CIMD).
  case metadataDocument
}

/// An OAuth client that may start an authorization or redeem a grant.
public struct RegisteredClient: Sendable, Hashable {
  /// Its id.
  public var id: ClientID
  /// How it came to be known.
  public var origin: ClientOrigin
  /// The tenant that it acts in for `client_credentials`; other grants take the user's.
  public var tenant: TenantID
  /// What a person is shown, cleaned.
  public var name: String
  /// The registered redirect URIs, exactly as registered.
  public var redirectURIs: [RedirectURI]
  /// What it may redeem.
  public var grantTypes: Set<GrantType>
  /// How it proves itself at the token endpoint.
  public var authenticationMethod: ClientAuthenticationMethod
  /// Hashes of its secrets; several while one is being replaced.
  public var secretDigests: [ArtefactDigest]
  /// Its public keys for `private_key_jwt`, as a JSON Web Key Set document.
  public var keySet: [UInt8]?
  /// Where its public keys are published, instead.
  public var keySetURI: String?
  /// The servers that it may reach; `nil` for any.
  public var servers: Set<ServerName>?
  /// Hash of what was registered, for idempotent registration of public clients.
  public var fingerprint: [UInt8]?
  /// Where it registered itself from; empty for others.
  public var network: NetworkPrefix
  /// When it was registered.
  public var createdAt: Timestamp
  /// When it first redeemed a grant; `nil` while it never has, and may expire.
  public var firstUsedAt: Timestamp?

  /// Describes a client.
  public init(
    id: ClientID, origin: ClientOrigin, tenant: TenantID = .default, name: String, redirectURIs: [RedirectURI],
    grantTypes: Set<GrantType>, authenticationMethod: ClientAuthenticationMethod, secretDigests: [ArtefactDigest] = [],
    keySet: [UInt8]? = nil, keySetURI: String? = nil, servers: Set<ServerName>? = nil, fingerprint: [UInt8]? = nil,
    network: NetworkPrefix = NetworkPrefix(bytes: []), createdAt: Timestamp, firstUsedAt: Timestamp? = nil
  ) {
    self.id = id
    self.origin = origin
    self.tenant = tenant
    self.name = name
    self.redirectURIs = redirectURIs
    self.grantTypes = grantTypes
    self.authenticationMethod = authenticationMethod
    self.secretDigests = secretDigests
    self.keySet = keySet
    self.keySetURI = keySetURI
    self.servers = servers
    self.fingerprint = fingerprint
    self.network = network
    self.createdAt = createdAt
    self.firstUsedAt = firstUsedAt
  }
}
