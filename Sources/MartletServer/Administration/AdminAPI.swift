import Logging
import MartletDomain
import MartletIdentity
import StrictCoding

/// The admin API: the file to open first. Every operation is declared once; the routes that serve it, the roles that
/// may use it, what its fields may hold and its OpenAPI document all come from that declaration.
struct AdminAPI: Sendable {
  let operations: [APIOperation]
  private let authenticator: APIAuthenticator
  private let audit: any AuditSink
  private let clock: any WallClock
  private let logger: Logger
  private let repeated: IdempotentRequests
  private let leaks: LeakedKeys

  init(_ on: AdminDependencies, authenticator: APIAuthenticator, logger: Logger) {
    self.authenticator = authenticator
    self.logger = logger
    audit = on.installation.audit
    clock = on.installation.clock
    leaks = LeakedKeys(
      reports: LeakReports(
        store: on.installation.store, keys: on.installation.apiKeys, adminTokens: on.installation.adminTokens,
        clock: on.installation.clock), logger: logger)
    repeated = IdempotentRequests(
      store: on.installation.store, sealer: on.installation.sealer, clock: on.installation.clock)
    operations =
      KeyOperations(on: on).all + UserOperations(on: on).all + ClientOperations(on: on).all
      + AccessOperations(on: on).all + AnalyticsOperations(on: on).all + ApprovalOperations(on: on).all
      + DelegationOperations(on: on).all + TenantOperations(on: on).all + TrailOperations(on: on).all
      + TenantKeyOperations(on: on).all + SigningKeyOperations(on: on).all + PolicyOperations(on: on).all
      + ToolOperations(on: on).all + FlowOperations(on: on).all + ConnectionOperations(on: on).all
      + SecretOperations(on: on).all
  }

  /// The routes: one for each path.
  var routes: [EndpointRoute] {
    var paths: [String] = []
    for operation in operations where !paths.contains(where: { $0.equalsBytewise(operation.path) }) {
      paths.append(operation.path)
    }
    let document = JSONWriter.write(OpenAPIDocument(operations: operations).json)
    return paths.map { path in
      let here = operations.filter { $0.path.equalsBytewise(path) }
      return EndpointRoute(methods: here.map(\.method), path: path, auth: .administrator) { request, name in
        await answer(request, name, of: here)
      }
    } + [EndpointRoute("GET", path: "/api/openapi.json", auth: .anyone) { _, _ in .json(200, document) }, leaks.route]
  }

  private func answer(_ request: EndpointRequest, _ name: String, of here: [APIOperation]) async -> EndpointResponse {
    let method = request.method == "HEAD" ? "GET" : request.method
    guard let operation = here.first(where: { $0.method == method }) else { return APIProblem.notFound.response }
    var caller: APICaller?
    do {
      let proven = try await authenticator.authenticate(request)
      caller = proven
      guard operation.roles.contains(proven.role) else {
        throw APIProblem.forbidden("The role \(proven.role.rawValue) may not do this.")
      }
      let checked = try APIRequest(request, name: name, caller: proven, of: operation)
      return try await carryOut(operation, checked, request, proven)
    } catch {
      return refuse(error, request, operation, caller)
    }
  }

  /// Once for each name that the caller gives it.
  private func carryOut(
    _ operation: APIOperation, _ checked: APIRequest, _ request: EndpointRequest, _ caller: APICaller
  ) async throws -> EndpointResponse {
    guard let name = try repeated.name(of: request, by: caller) else {
      return try await operation.handler(checked).response
    }
    if let known = try await repeated.begin(name) { return known.response.adding("idempotent-replayed", "true") }
    let answer: APIAnswer
    do { answer = try await operation.handler(checked) } catch {
      let problem = APIProblem(error)
      try await repeated.end(name, with: APIAnswer(problem.status, problem.json))
      throw problem
    }
    try await repeated.end(name, with: answer)
    return answer.response
  }

  private func refuse(
    _ error: any Error, _ request: EndpointRequest, _ operation: APIOperation, _ caller: APICaller?
  ) -> EndpointResponse {
    let problem = APIProblem(error)
    if problem.status == 500 {
      logger.error("an operation of the admin API failed", metadata: ["operation": "\(operation.id)"])
    }
    if [401, 403, 429].contains(problem.status) {
      audit.record(
        AuditEvent(
          at: clock.now(), action: .administrationRefused, tenant: caller?.tenant ?? .default, request: request.id,
          subject: caller?.subject, method: request.method, target: operation.id, status: problem.status,
          reason: problem.reason ?? problem.code, address: request.address))
    }
    let answer = problem.response
    guard problem.status == 401 else { return answer }
    return answer.adding("www-authenticate", authenticator.challenge(for: problem))
  }
}

/// What operations work on.
struct AdminDependencies: Sendable {
  let installation: Installation
  let snapshots: SnapshotHolder

  var configuration: Configuration { snapshots.current.configuration }

  /// Works on accounts at servers.
  func desk() throws -> ConnectionDesk {
    try ConnectionDesk(installation: installation, configuration: configuration)
  }

  /// A user whom the caller may see, by account name or id.
  func user(_ name: String, for caller: APICaller) async throws -> User? {
    try await installation.store.user(called: name).flatMap { caller.sees($0.tenant) ? $0 : nil }
  }

  /// Names of users, for lists.
  func names() async throws -> [UserID: String] { try await installation.store.shownNames() }
}
