import MartletDomain
import StrictCoding

/// Everything that a `MemoryStore` holds.
struct MemoryStoreState: Sendable {
  struct StoredCode: Sendable {
    var code: AuthorizationCode
    var isSpent = false
  }

  struct ConsentKey: Hashable, Sendable {
    var tenant: TenantID
    var user: UserID
    var client: ClientID
    var route: RouteID
    var redirectHost: ByteString
    var browser: ArtefactDigest
  }

  struct AssertionKey: Hashable, Sendable {
    var client: ClientID
    var id: [UInt8]
  }

  struct StoredToken: Sendable {
    var token: RefreshToken
    var rotatedAt: Timestamp?
    var successor: ArtefactDigest?
    var sealedReply: [UInt8]?
    var replayUntil: Timestamp?
  }

  struct StoredUser: Sendable {
    var user: User
    var passwordHash: String?
  }

  /// Shared, so that a walk over tens of thousands copies none of them.
  final class StoredConnection: Sendable {
    let connection: UpstreamConnection
    let sequence: Int64
    /// From when it is due, as `UpstreamConnection.isDue` has it; `nil` for never.
    let dueAt: Timestamp?
    /// When its access token ends.
    let end: Timestamp

    init(_ connection: UpstreamConnection, sequence: Int64) {
      self.connection = connection
      self.sequence = sequence
      let ledger = connection.ledger
      let hour = ledger.intent.map(\.leaseUntil) ?? connection.refreshAt
      let canBeDue = ledger.isUsable && ledger.isRefreshable
      dueAt = canBeDue ? hour.map { max($0, ledger.retryAt ?? .distantPast) } : nil
      end = connection.expiresAt ?? .distantPast
    }
  }

  struct StoredTrailCursor: Sendable {
    var position: Int64
    var holder: String
    var until: Timestamp
  }

  struct Document: Sendable {
    var body: [UInt8]
    var fetchedAt: Timestamp
  }

  var failure: StoreError?
  var pendingConnections: [ArtefactDigest: PendingConnection] = [:]
  var spentTickets: [ArtefactDigest: Timestamp] = [:]
  var upstreamRegistrations: [UpstreamRegistration] = []
  var toolPins: [ToolPin] = []
  var clients: [ClientID: RegisteredClient] = [:]
  var pending: [TransactionID: PendingAuthorization] = [:]
  var codes: [ArtefactDigest: StoredCode] = [:]
  var devices: [ArtefactDigest: StoredDevice] = [:]
  var consents: [ConsentKey: Consent] = [:]
  var assertions: [AssertionKey: Timestamp] = [:]
  var families: [GrantID: RefreshFamily] = [:]
  var tokens: [ArtefactDigest: StoredToken] = [:]
  var revocations: [SequencedRevocation] = []
  var lastRevocation: Int64 = 0
  var users: [UserID: StoredUser] = [:]
  var loginSessions: [ArtefactDigest: LoginSession] = [:]
  var federatedLogins: [ArtefactDigest: FederatedLogin] = [:]
  var signingKeys: [SigningKeyRecord] = []
  var mcpSessions: [ArtefactDigest: MCPSession] = [:]
  var sessionChanges: [(sequence: Int64, digest: ArtefactDigest)] = []
  var documents: [ByteString: Document] = [:]
  var auditRecords: [AuditRecord] = []
  var trails: [TenantID: AuditTrail] = [:]
  /// Each record's place, as `auditRecords` has them.
  var placedRecords: [PlacedRecord] = []
  var lastPlace: Int64 = 0
  var trailCursors: [String: StoredTrailCursor] = [:]
  var callSums: [CallSum] = []
  var accessUses: [AccessUse: Timestamp] = [:]
  var connections: [ConnectionKey: StoredConnection] = [:]
  var lastConnectionChange: Int64 = 0
  var dataKeys: [DataKey] = []
  var apiKeys: [APIKeyID: APIKey] = [:]
  var approvals: [Approval] = []
  var quotas: [QuotaKey: Int] = [:]
  var adminTokens: [AdminTokenID: AdminToken] = [:]
  var delegations: [DelegationID: Delegation] = [:]
  var tenantStates: [TenantID: TenantState] = [:]
  var idempotent: [IdempotentName: IdempotentRequest] = [:]
  var ownedTasks: [OwnedTask] = []
}
