import MartletDomain
import MartletPolicy
import NIOCore

/// The data plane, assembled: the file to open first.
///
/// ```
/// IncomingRequest → RequestRouter → Authenticator → Classifier → SessionResolver → Admission → CredentialInjector
/// → EraResolver
///   ├─ same era    → UpstreamSelector → UpstreamTransport → AnswerRelay
///   └─ other era   → ModernOverLegacy or LegacyOverModern, a bridge
/// ```
///
/// `GatewayExchange` moves one request through these stages; every exchange, refused ones too, ends at
/// `ExchangeRecorder`.
public final class Gateway: Sendable {
  let settings: @Sendable () -> GatewaySettings
  let authenticator: Authenticator
  let classifier = Classifier()
  let sessions: MCPSessions
  let resolver: SessionResolver
  let admission: Admission
  let sightings: ToolSightings
  let tasks: TaskOwners
  let selector: UpstreamSelector
  let injector: CredentialInjector
  let pages = AwaitedPages()
  let eras: EraResolver
  let transport: any UpstreamTransport
  let recorder: ExchangeRecorder
  let streams: OpenStreams
  /// For legacy clients of modern servers.
  let legacyBridge: LegacyBridge
  /// For modern clients of legacy servers.
  let modernBridge: ModernBridge
  let revivals: SessionRevivals
  let eventIDs: EventIDs
  /// The streams of clients of 2024-11-05.
  let sseClients: SSEClientDirectory

  /// What the data plane stands on.
  public struct Dependencies: Sendable {
    /// Proves bearer tokens.
    public var verifier: any BearerVerifier
    /// Proves API keys.
    public var keys: any KeyVerifier
    /// What was taken away.
    public var revocations: RevocationIndex
    /// Keeps sessions.
    public var sessions: any MCPSessionStore
    /// Decides.
    public var policy: any PolicyEngine
    /// Knows who calls.
    public var subjects: SubjectDirectory
    /// Counts calls.
    public var limiter: any CallLimiter
    /// Counts calls by the day.
    public var quotas: DailyQuotas
    /// Keeps which definitions of tools are trusted.
    public var toolPins: any ToolPinStore
    /// Keeps whose the tasks of servers are.
    public var tasks: any TaskOwnerStore
    /// Signs assertions.
    public var assertions: any UpstreamAssertions
    /// Carries requests.
    public var transport: any UpstreamTransport
    /// Takes records.
    public var audit: any AuditSink
    /// Guesses flows.
    public var flows: any FlowCorrelation
    /// Tells the time.
    public var clock: any WallClock
    /// Makes ids.
    public var random: any RandomSource
    /// Seals what clients hold of Martlet's state.
    public var sealer: Sealer
    /// Decides beside the policy, where settings say so.
    public var oracle: any PolicyOracle
    /// Calls that wait for somebody.
    public var approvals: Approvals
    /// Hands out upstream credentials.
    public var credentials: any UpstreamCredentials

    /// Collects what the data plane stands on.
    public init(
      verifier: any BearerVerifier, keys: any KeyVerifier, revocations: RevocationIndex,
      sessions: any MCPSessionStore, policy: any PolicyEngine, subjects: SubjectDirectory, limiter: any CallLimiter,
      quotas: DailyQuotas,
      toolPins: any ToolPinStore, tasks: any TaskOwnerStore,
      assertions: any UpstreamAssertions, transport: any UpstreamTransport,
      audit: any AuditSink, flows: any FlowCorrelation, clock: any WallClock, random: any RandomSource,
      sealer: Sealer, oracle: any PolicyOracle, approvals: Approvals, credentials: (any UpstreamCredentials)? = nil
    ) {
      self.verifier = verifier
      self.keys = keys
      self.revocations = revocations
      self.sessions = sessions
      self.policy = policy
      self.subjects = subjects
      self.limiter = limiter
      self.quotas = quotas
      self.toolPins = toolPins
      self.tasks = tasks
      self.assertions = assertions
      self.transport = transport
      self.audit = audit
      self.flows = flows
      self.clock = clock
      self.random = random
      self.sealer = sealer
      self.approvals = approvals
      self.oracle = oracle
      self.credentials = credentials ?? NoCredentials()
    }
  }

  /// Assembles the data plane.
  ///
  /// - Parameters:
  ///   - dependencies: What it stands on.
  ///   - group: The event loops that it works on.
  ///   - settings: Gives the snapshot of this instant.
  public init(
    _ dependencies: Dependencies, group: any EventLoopGroup, settings: @escaping @Sendable () -> GatewaySettings
  ) async throws {
    self.settings = settings
    authenticator = Authenticator(
      verifier: dependencies.verifier, keys: dependencies.keys, cache: TokenCache(),
      revocations: dependencies.revocations,
      clock: dependencies.clock)
    sessions = MCPSessions(store: dependencies.sessions, clock: dependencies.clock, random: dependencies.random)
    resolver = SessionResolver(sessions: sessions)
    tasks = TaskOwners(store: dependencies.tasks, clock: dependencies.clock)
    recorder = ExchangeRecorder(audit: dependencies.audit, flows: dependencies.flows, clock: dependencies.clock)
    selector = UpstreamSelector(assertions: dependencies.assertions, random: dependencies.random)
    injector = CredentialInjector(credentials: dependencies.credentials)
    transport = dependencies.transport
    sseClients = SSEClientDirectory(random: dependencies.random)
    eras = EraResolver(selector: selector, transport: transport)
    let pinning = ToolPinning(
      store: dependencies.toolPins, audit: dependencies.audit, clock: dependencies.clock)
    sightings = ToolSightings(pinning: pinning, eventLoop: group.next())
    let catalogue = ToolCatalogue(
      eras: eras, selector: selector, transport: transport, pinning: pinning, clock: dependencies.clock)
    admission = Admission(
      policy: dependencies.policy, subjects: dependencies.subjects, limiter: dependencies.limiter,
      quotas: dependencies.quotas,
      catalogue: catalogue, pinning: pinning, recorder: recorder,
      approvals: ApprovalGate(
        approvals: dependencies.approvals, policy: dependencies.policy, catalogue: catalogue),
      oracle: OracleGate(oracle: dependencies.oracle, catalogue: catalogue))
    legacyBridge = LegacyBridge(clock: dependencies.clock, random: dependencies.random)
    modernBridge = ModernBridge(
      sealer: dependencies.sealer, clock: dependencies.clock, random: dependencies.random, eventLoop: group.next())
    eventIDs = EventIDs(sealer: dependencies.sealer)
    streams = try await OpenStreams(
      group: group, revocations: dependencies.revocations,
      policy: StreamPolicy(subjects: dependencies.subjects, clock: dependencies.clock),
      credentials: dependencies.credentials, eventIDs: eventIDs, settings: settings)
    revivals = SessionRevivals(sessions: sessions, selector: selector, transport: transport, streams: streams)
    let (transport, revocations) = (self.transport, dependencies.revocations)
    group.next().scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
      transport.endSessions { revocations.isRevoked($0) }
    }
  }

  /// Whether a path has the shape of an MCP route, configured or not, and so is answered here.
  private func answers(path: String) -> Bool {
    routeID(path, settings()) != nil || SSEEntrance(path: path) != nil
  }

  /// Begins an exchange. Call it on the event loop of the client's connection.
  ///
  /// - Parameters:
  ///   - request: The head of the request.
  ///   - client: Where the answer goes.
  /// - Returns: What the rest of the request is told to; `nil` for a path that isn't answered here.
  public func begin(_ request: IncomingRequest, client: any ClientStream) -> GatewayExchange? {
    let settings = settings()
    let route = settings.route(path: request.path)
    if route != nil || routeID(request.path, settings) != nil {
      return GatewayExchange(
        gateway: self, settings: settings, request: request, route: route, path: request.path, entrance: nil,
        client: client)
    }
    guard let entrance = SSEEntrance(path: request.path) else { return nil }
    let entering = entrance.onRoute(request)
    return GatewayExchange(
      gateway: self, settings: settings, request: entering, route: settings.route(path: entering.path),
      path: entrance.challengedPath(of: request), entrance: entrance, client: client)
  }

  /// Writes down that the listener refused a request for a route before it came to an exchange.
  ///
  /// - Parameters:
  ///   - path: The path as sent; other paths than those of routes leave no record here.
  ///   - method: The HTTP method.
  ///   - address: Where it came from.
  ///   - id: The request.
  ///   - status: What was answered.
  ///   - reason: Why, as a stable code.
  public func noteRefusal(
    path: String, method: String, address: String, id: RequestID, status: Int, reason: String
  ) {
    guard answers(path: path) else { return }
    note(method: method, path: path, address: address, id: id, status: status, reason: reason)
  }

  private func note(method: String?, path: String, address: String, id: RequestID, status: Int, reason: String) {
    let record = ExchangeRecord(
      IncomingRequest(
        method: method ?? "", path: path, query: "", headers: HeaderFields(), address: address, id: id,
        arrivedAt: .now()))
    record.method = method
    record.status = status
    record.reason = reason
    record.end(in: recorder)
  }

  /// Writes down that the listener refused bytes that are no request. What they were for isn't known.
  ///
  /// - Parameters:
  ///   - address: Where they came from.
  ///   - id: The id that the answer carries.
  ///   - status: What was answered.
  ///   - reason: Why, as a stable code.
  public func noteUnreadable(address: String, id: RequestID, status: Int, reason: String) {
    guard recorder.hasRoom else { return }
    note(method: nil, path: "", address: address, id: id, status: status, reason: reason)
  }

  /// Ends every open stream, when the process stops, and what was held upstream for clients of another era.
  public func closeStreams(reason: String) async {
    await streams.closeAll(reason: reason)
    modernBridge.sessions.expire(at: .distantFuture)
  }

  /// Ends a session here, with all that it has.
  ///
  /// - Returns: Done when no restart can bring it back.
  func end(_ session: MCPSession, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    defer { streams.sessionsEnded([session.digest]) }
    return sessions.end(session, on: eventLoop)
  }

  /// Which keys were used since this was asked last, and when.
  public func takeKeyUse() -> [APIKeyID: Timestamp] { authenticator.use.take() }

  /// Hears of sessions that other processes change or end, until the task ends.
  public func followSessions() async {
    while !Task.isCancelled {
      await sessions.hear { streams.sessionsEnded($0) }
      try? await Task.sleep(for: ChangeFollower<MCPSessionChange>.interval)
    }
  }

  /// Writes down which sessions were used; called now and then.
  public func noteSessionUse() async throws(StoreError) { try await sessions.noteUse() }

  func routeID(_ path: String, _ settings: GatewaySettings) -> RouteID? {
    if let route = settings.route(path: path) { return route.resource.id }
    return RouteID(path: path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path)
  }
}
