import OAuthProtocol
import StrictCoding

/// A validated authorization request that waits for its user: login, then consent, then the code.
public struct PendingAuthorization: Sendable, Hashable {
  /// Its id, derived from browser and request so that repeating a GET finds it again (A1).
  public var id: TransactionID
  /// The browser that it began in; no other can finish it (V-018b).
  public var browser: ArtefactDigest
  /// The client.
  public var client: ClientID
  /// The client's name when the request was validated.
  public var clientName: String
  /// The redirect URI exactly as presented.
  public var redirectURI: String
  /// Whether the request named its redirect URI, which the token request must then repeat.
  public var redirectURIWasSent: Bool
  /// The client's `state`, returned as it came.
  public var state: String?
  /// The PKCE challenge (S256).
  public var codeChallenge: String
  /// The route asked for; `nil` where the user has to choose.
  public var route: RouteID?
  /// What was asked for.
  public var scope: ScopeSet
  /// The flow that this belongs to.
  public var flow: FlowID
  /// When it began.
  public var createdAt: Timestamp
  /// When it ends unfinished.
  public var expiresAt: Timestamp
  /// Where its first request came from.
  public var network: NetworkPrefix
  /// When its user was first seen logged in; `nil` while nobody knows whose it is.
  public var loggedInAt: Timestamp?
  /// The redirect that finished it, sealed: submitting a page twice gives the same answer.
  public var sealedOutcome: [UInt8]?

  /// Describes a pending authorization.
  public init(
    id: TransactionID, browser: ArtefactDigest, client: ClientID, clientName: String, redirectURI: String,
    redirectURIWasSent: Bool, state: String?, codeChallenge: String, route: RouteID?, scope: ScopeSet, flow: FlowID,
    createdAt: Timestamp, expiresAt: Timestamp, network: NetworkPrefix, loggedInAt: Timestamp? = nil,
    sealedOutcome: [UInt8]? = nil
  ) {
    self.id = id
    self.browser = browser
    self.client = client
    self.clientName = clientName
    self.redirectURI = redirectURI
    self.redirectURIWasSent = redirectURIWasSent
    self.state = state
    self.codeChallenge = codeChallenge
    self.route = route
    self.scope = scope
    self.flow = flow
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.network = network
    self.loggedInAt = loggedInAt
    self.sealedOutcome = sealedOutcome
  }
}

/// An authorization code, kept by its hash.
public struct AuthorizationCode: Sendable, Hashable {
  /// Hash of the code.
  public var digest: ArtefactDigest
  /// The grant that redeeming it begins.
  public var grant: GrantID
  /// The tenant of the user.
  public var tenant: TenantID
  /// Who consented.
  public var user: UserID
  /// The client that it was issued to.
  public var client: ClientID
  /// The redirect URI of the request.
  public var redirectURI: String
  /// Whether the token request must repeat the redirect URI.
  public var redirectURIWasSent: Bool
  /// The PKCE challenge (S256).
  public var codeChallenge: String
  /// The one route.
  public var route: RouteID
  /// What was granted.
  public var scope: ScopeSet
  /// The flow.
  public var flow: FlowID
  /// When it was issued.
  public var issuedAt: Timestamp
  /// When it ends.
  public var expiresAt: Timestamp

  /// Describes a code.
  public init(
    digest: ArtefactDigest, grant: GrantID, tenant: TenantID, user: UserID, client: ClientID, redirectURI: String,
    redirectURIWasSent: Bool, codeChallenge: String, route: RouteID, scope: ScopeSet, flow: FlowID,
    issuedAt: Timestamp, expiresAt: Timestamp
  ) {
    self.digest = digest
    self.grant = grant
    self.tenant = tenant
    self.user = user
    self.client = client
    self.redirectURI = redirectURI
    self.redirectURIWasSent = redirectURIWasSent
    self.codeChallenge = codeChallenge
    self.route = route
    self.scope = scope
    self.flow = flow
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
  }
}

/// What a user agreed to: for this client, this resource and this redirect host, in this browser.
public struct Consent: Sendable, Hashable {
  /// The tenant of the user.
  public var tenant: TenantID
  /// The user.
  public var user: UserID
  /// The client.
  public var client: ClientID
  /// The route.
  public var route: RouteID
  /// The host that the answer was sent to.
  public var redirectHost: String
  /// The browser in which it was given.
  public var browser: ArtefactDigest
  /// The scope agreed to, all in all.
  public var scope: ScopeSet
  /// When it was last given.
  public var grantedAt: Timestamp

  /// Describes a consent.
  public init(
    tenant: TenantID, user: UserID, client: ClientID, route: RouteID, redirectHost: String, browser: ArtefactDigest,
    scope: ScopeSet, grantedAt: Timestamp
  ) {
    self.tenant = tenant
    self.user = user
    self.client = client
    self.route = route
    self.redirectHost = redirectHost
    self.browser = browser
    self.scope = scope
    self.grantedAt = grantedAt
  }
}
