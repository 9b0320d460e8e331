import OAuthProtocol
import StrictCoding

/// Who is calling, proven. There is no default and no anonymous principal: only a verifier makes one (invariant 3).
/// Immutable; a class, since every stage of a request passes it on.
public final class Principal: Hashable, Sendable {
  /// The tenant that the credential was issued in.
  public let tenant: TenantID
  /// Who vouches for the subject: our issuer for our tokens.
  public let issuer: ByteString
  /// The user, or the client itself for `client_credentials`.
  public let subject: ByteString
  /// The same as text, as records of the trail show it: worked out once.
  public let subjectText: String
  /// The OAuth client that presented the credential.
  public let client: ClientID
  /// The route that the credential is good for.
  public let route: RouteID
  /// The granted scope.
  public let scope: ScopeSet
  /// The grant that the credential belongs to, when there is one.
  public let grant: GrantID?
  /// The flow that the credential came from.
  public let flow: FlowID?
  /// The credential's own id (`jti`).
  public let credentialID: ByteString
  /// When the credential was issued.
  public let issuedAt: Timestamp
  /// When the credential ends.
  public let expiresAt: Timestamp
  /// The API key that the caller came with; `nil` for an access token.
  public let key: PrincipalKey?
  /// What a session is bound to: the same person through the same client on the same route, whatever token they hold
  /// now.
  public let binding: PrincipalBinding

  /// Makes a principal from verified facts.
  @_spi(Verification)
  public init(
    tenant: TenantID, issuer: ByteString, subject: ByteString, client: ClientID, route: RouteID, scope: ScopeSet,
    grant: GrantID?, flow: FlowID?, credentialID: ByteString, issuedAt: Timestamp, expiresAt: Timestamp,
    key: PrincipalKey? = nil
  ) {
    self.tenant = tenant
    self.issuer = issuer
    self.subject = subject
    subjectText = subject.string
    self.client = client
    self.route = route
    self.scope = scope
    self.grant = grant
    self.flow = flow
    self.credentialID = credentialID
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.key = key
    binding = PrincipalBinding(tenant: tenant, issuer: issuer, subject: subject, client: client, route: route)
  }

  /// Compares every fact.
  public static func == (lhs: Principal, rhs: Principal) -> Bool {
    lhs.binding == rhs.binding && lhs.scope == rhs.scope && lhs.grant == rhs.grant && lhs.flow == rhs.flow
      && lhs.credentialID == rhs.credentialID && lhs.issuedAt == rhs.issuedAt && lhs.expiresAt == rhs.expiresAt
      && lhs.key == rhs.key
  }

  /// Hashes what tells credentials apart.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(binding)
    hasher.combine(credentialID)
  }
}

/// The part of a principal that outlives its token: (tenant, issuer, subject, client, route).
public struct PrincipalBinding: Hashable, Sendable {
  /// The tenant.
  public let tenant: TenantID
  /// The issuer.
  public let issuer: ByteString
  /// The subject.
  public let subject: ByteString
  /// The client.
  public let client: ClientID
  /// The route.
  public let route: RouteID

  /// Restores a binding from a store.
  public init(tenant: TenantID, issuer: ByteString, subject: ByteString, client: ClientID, route: RouteID) {
    self.tenant = tenant
    self.issuer = issuer
    self.subject = subject
    self.client = client
    self.route = route
  }
}
