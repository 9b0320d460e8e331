import StrictCoding

/// What can happen, as `noun.verb`.
public enum AuditAction: String, Sendable, CaseIterable {
  /// A request without a credential reached a route and was told where to log in.
  case routeProbed = "route.probed"
  /// Protected resource metadata was read.
  case resourceMetadataRead = "resource_metadata.read"
  /// Authorization server metadata was read.
  case serverMetadataRead = "server_metadata.read"
  /// A client registered, or registered again.
  case clientRegistered = "client.registered"
  /// A registration was refused.
  case clientRefused = "client.refused"
  /// A client was removed.
  case clientRemoved = "client.removed"
  /// An authorization request was accepted.
  case authorizationRequested = "authorization.requested"
  /// An authorization request was refused.
  case authorizationRefused = "authorization.refused"
  /// A program without a browser began to wait for its user.
  case deviceRequested = "device.requested"
  /// A user code was refused.
  case deviceRefused = "device.refused"
  /// Somebody logged in.
  case loginSucceeded = "login.succeeded"
  /// A login failed.
  case loginFailed = "login.failed"
  /// Somebody logged out.
  case loginEnded = "login.ended"
  /// A user agreed.
  case consentGranted = "consent.granted"
  /// A user refused.
  case consentDenied = "consent.denied"
  /// A code was issued.
  case codeIssued = "code.issued"
  /// A token was issued.
  case tokenIssued = "token.issued"
  /// A token was refreshed.
  case tokenRefreshed = "token.refreshed"
  /// A token request was refused.
  case tokenRefused = "token.refused"
  /// A spent credential came back.
  case tokenReused = "token.reused"
  /// Something was revoked.
  case tokenRevoked = "token.revoked"
  /// A token was introspected.
  case tokenIntrospected = "token.introspected"
  /// The first call with a token of this flow.
  case tokenPresented = "token.presented"
  /// An exchange was forwarded.
  case exchangeForwarded = "exchange.forwarded"
  /// An exchange was refused.
  case exchangeRefused = "exchange.refused"
  /// An upstream credential was renewed.
  case credentialRefreshed = "credential.refreshed"
  /// An upstream credential couldn't be renewed.
  case credentialFailed = "credential.failed"
  /// An API key was made.
  case keyCreated = "key.created"
  /// An API key was given a successor.
  case keyRotated = "key.rotated"
  /// An API key was taken away.
  case keyRevoked = "key.revoked"
  /// A bearer of the admin API was made.
  case adminTokenIssued = "admin_token.issued"
  /// A bearer of the admin API was taken away.
  case adminTokenRevoked = "admin_token.revoked"
  /// A user let a job act for them.
  case delegationCreated = "delegation.created"
  /// What a user let a job do was taken back.
  case delegationRevoked = "delegation.revoked"
  /// A tenant was suspended.
  case tenantSuspended = "tenant.suspended"
  /// A tenant was resumed.
  case tenantResumed = "tenant.resumed"
  /// A tenant was deleted, with all that it had.
  case tenantDeleted = "tenant.deleted"
  /// Everything that a user, client, tenant or server had was taken away.
  case accessRevoked = "access.revoked"
  /// A request to the admin API was refused.
  case administrationRefused = "administration.refused"
  /// A token of an account that ended was given back to its authorization server; the reason says why it couldn't be.
  case credentialReturned = "credential.returned"
  /// A user left to connect an upstream account.
  case connectionRequested = "connection.requested"
  /// An upstream account was connected.
  case connectionEstablished = "connection.established"
  /// An upstream account couldn't be connected.
  case connectionRefused = "connection.refused"
  /// An upstream account was disconnected.
  case connectionRevoked = "connection.revoked"
  /// A URL that somebody else named leads where Martlet doesn't go.
  case egressBlocked = "egress.blocked"
  /// A server shows another definition of a tool than the trusted one, or one that hides something.
  case toolChanged = "tool.changed"
  /// A changed definition of a tool was accepted.
  case toolAccepted = "tool.accepted"
  /// A call waits for somebody's approval; the reason names the approval and the rule, here and below.
  case approvalRequested = "approval.requested"
  /// Somebody let a call through, once or for a time.
  case approvalGranted = "approval.granted"
  /// Somebody refused a call.
  case approvalDenied = "approval.denied"
  /// An approval let a call through; the record stands before the call is sent.
  case approvalUsed = "approval.used"
  /// An approval ended unused, or nobody had decided in time.
  case approvalExpired = "approval.expired"
  /// An approval was taken back.
  case approvalRevoked = "approval.revoked"
  /// A call couldn't even be asked about, or somebody tried to decide who may not.
  case approvalRefused = "approval.refused"
  /// Nobody took the notice about a call that waits.
  case approvalNoticeFailed = "approval_notice.failed"
  /// A signing key was added.
  case signingKeyRotated = "signing_key.rotated"
  /// A rotation of the keys that seal secrets began; the target is the master key until then.
  case secretRotationBegun = "secret.rotation_begun"
  /// A rotation ended: no old key is left. The target is the master key.
  case secretRotated = "secret.rotated"
  /// A user was made.
  case userCreated = "user.created"
  /// A user was changed.
  case userChanged = "user.changed"
  /// The configuration was loaded.
  case configurationLoaded = "configuration.loaded"
  /// A configuration was refused; the one before stays.
  case configurationRefused = "configuration.refused"
  /// Records older than their keeping were removed from the trail; the target is the number of the last of them.
  case trailTrimmed = "trail.trimmed"
  /// A process ended without a word; the target is how many records it had taken and perhaps not written.
  case trailInterrupted = "trail.interrupted"
  /// The trail was exported.
  case trailExported = "trail.exported"
  /// The process started.
  case processStarted = "process.started"
  /// The process stopped.
  case processStopped = "process.stopped"
}

/// One record of the trail. It holds no secret and no content of a call.
public struct AuditEvent: Sendable, Hashable {
  /// When.
  public var at: Timestamp
  /// What.
  public var action: AuditAction
  /// Whose trail it belongs to.
  public var tenant: TenantID
  /// The flow that it is a step of.
  public var flow: FlowID?
  /// The HTTP request.
  public var request: RequestID?
  /// Who: a user id, or a client acting for itself.
  public var subject: String?
  /// Through which client.
  public var client: ClientID?
  /// With which API key: its name.
  public var key: String?
  /// At which route.
  public var route: String?
  /// The MCP method, and the tool where there is one.
  public var method: String?
  /// The tool, prompt or resource.
  public var target: String?
  /// The HTTP status that was answered.
  public var status: Int?
  /// Why, as a stable code.
  public var reason: String?
  /// How long it took.
  public var duration: Duration?
  /// Where it came from.
  public var address: String?
  /// The distributed trace that it belongs to (W3C Trace Context): 32 hexadecimal digits.
  public var trace: String?
}

// By way of the memberwise initializer: one that sets so many variables itself copies all of them once more.
extension AuditEvent {
  /// Describes an event. All text is cut to one line when it is written.
  public init(
    at: Timestamp, action: AuditAction, tenant: TenantID = .default, flow: FlowID? = nil, request: RequestID? = nil,
    subject: String? = nil, client: ClientID? = nil, route: String? = nil, method: String? = nil,
    target: String? = nil, status: Int? = nil, reason: String? = nil, duration: Duration? = nil,
    address: String? = nil, key: String? = nil, trace: String? = nil
  ) {
    self.init(
      at: at, action: action, tenant: tenant, flow: flow, request: request, subject: subject, client: client, key: key,
      route: route, method: method, target: target, status: status, reason: reason, duration: duration,
      address: address, trace: trace)
  }
}

/// Takes events.
public protocol AuditSink: Sendable {
  /// Whether a new exchange may begin: `false` while too many events wait to be written.
  var hasRoom: Bool { get }

  /// Hands an event over without waiting; it is written within 100 ms.
  func record(_ event: borrowing AuditEvent)

  /// Writes an event before returning, for operations whose record must stand before their effect.
  func recordDurably(_ event: AuditEvent) async throws(StoreError)
}
