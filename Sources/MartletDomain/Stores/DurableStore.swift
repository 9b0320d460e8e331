/// One durable store, seen through every port. SQLite and the tests' memory store pass the same contract suite.
public typealias DurableStore = ClientStore & AuthorizationStore & RefreshTokenStore & RevocationStore & UserStore
  & LoginSessionStore & SigningKeyStore & MCPSessionStore & FetchedDocumentStore & AuditStore & ConnectionStore
  & DataKeyStore & ConnectingStore & APIKeyStore & AdminTokenStore & ToolPinStore
  & DeviceAuthorizationStore & CallSumStore & TrailCursorStore & ApprovalStore & QuotaStore & DelegationStore
  & TenantStore & IdempotencyStore & TaskOwnerStore
