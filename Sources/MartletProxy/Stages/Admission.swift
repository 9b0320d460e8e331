import MCPProtocol
import MartletDomain
import MartletPolicy
import NIOCore
import StrictCoding

/// A request that policy allowed. Immutable; a class, so that the stages pass it on without copying what it holds.
final class AdmittedRequest: Sendable {
  let classified: ClassifiedRequest
  let session: BoundSession?
  let permit: Permit
  /// Its place among the calls that go on, where these are counted.
  let lease: CallLease?
  /// The account that the server is called with; `nil` where the vault has no part in it.
  let account: ConnectionKey?

  init(classified: ClassifiedRequest, session: BoundSession?, permit: Permit, lease: CallLease? = nil) {
    self.classified = classified
    self.session = session
    self.permit = permit
    self.lease = lease
    account = classified.authenticated.account
  }

  /// What stands behind the route.
  var server: UpstreamServer { route.server }
  var route: UpstreamRoute { classified.authenticated.routed.route }

  /// The same request in a session that lives elsewhere now.
  func moved(to session: MCPSession) -> AdmittedRequest {
    AdmittedRequest(classified: classified, session: BoundSession(KnownSession(session)), permit: permit, lease: lease)
  }

  /// The same request under the configuration of this instant; `nil` where the route is gone.
  func under(_ settings: GatewaySettings) -> AdmittedRequest? {
    let authenticated = classified.authenticated
    guard let route = settings.route(authenticated.routed.route.resource.id) else { return nil }
    let routed = RoutedRequest(incoming: authenticated.routed.incoming, route: route, settings: settings)
    let renewed = ClassifiedRequest(
      authenticated: AuthenticatedRequest(routed: routed, principal: authenticated.principal),
      message: classified.message, bytes: classified.bytes, classification: classified.classification,
      mirrored: classified.mirrored)
    return AdmittedRequest(classified: renewed, session: session, permit: permit, lease: lease)
  }
}

/// Asks policy, then counts, and makes sure that the trail can take what follows. Immutable; a class, since a struct of so
/// many parts would be copied for every call.
final class Admission: Sendable {
  let policy: any PolicyEngine
  let subjects: SubjectDirectory
  let limiter: any CallLimiter
  let quotas: DailyQuotas
  let catalogue: ToolCatalogue
  let pinning: ToolPinning
  let recorder: ExchangeRecorder
  let approvals: ApprovalGate
  let oracle: OracleGate

  init(
    policy: any PolicyEngine, subjects: SubjectDirectory, limiter: any CallLimiter, quotas: DailyQuotas,
    catalogue: ToolCatalogue, pinning: ToolPinning, recorder: ExchangeRecorder, approvals: ApprovalGate,
    oracle: OracleGate
  ) {
    self.policy = policy
    self.subjects = subjects
    self.limiter = limiter
    self.quotas = quotas
    self.catalogue = catalogue
    self.pinning = pinning
    self.recorder = recorder
    self.approvals = approvals
    self.oracle = oracle
  }

  /// - Parameter exchange: Whose request it is; what may wait for a person looks whether it is wanted still.
  func admit(_ request: ClassifiedRequest, in session: BoundSession?, for exchange: GatewayExchange)
    -> Staged<AdmittedRequest>
  {
    let eventLoop = exchange.eventLoop
    guard recorder.hasRoom else {
      return .ready(.failure(.temporarilyUnavailable(reason: "audit_queue_full", id: request.id)))
    }
    let routed = request.authenticated.routed
    let question = PolicyQuestion(
      principal: request.authenticated.principal, route: routed.route.resource,
      message: isOwnTool(request) ? nil : request.message,
      rules: routed.settings.policy?.server(routed.route.resource.id.server))
    guard question.needsLookups || routed.settings.asksOracle else {
      return decide(question, request, session, for: exchange)
    }
    let bound = NIOLoopBound(exchange, eventLoop: eventLoop)
    return identified(question, request, on: eventLoop)
      .then(on: eventLoop) { self.defined($0, request, on: eventLoop) }
      .then(on: eventLoop) { self.pinned($0, request, on: eventLoop) }
      .then(on: eventLoop) { self.consulted($0, request, on: eventLoop) }
      .then(on: eventLoop) { self.decide($0, request, session, for: bound.value) }
  }

  /// Martlet's own tool, which leads to where an account is connected: whoever may connect to the server may call it.
  private func isOwnTool(_ request: ClassifiedRequest) -> Bool {
    // Asked first: most routes have no account, and the tool's name has to be built.
    request.authenticated.account != nil && ConnectTool.isCalled(by: request.message)
  }

  private func decide(
    _ question: PolicyQuestion, _ request: ClassifiedRequest, _ session: BoundSession?, for exchange: GatewayExchange
  ) -> Staged<AdmittedRequest> {
    let eventLoop = exchange.eventLoop
    let decision: Result<Permit, PolicyDenial>
    do throws(PolicyDenial) { decision = .success(try policy.decide(question)) } catch { decision = .failure(error) }
    if case .failure(let denial) = decision, denial.approvableBy == nil {
      return .ready(.failure(.denied(reason: denial.reason, id: request.id)))
    }
    // Limits come first: an approval must not be spent on a call that has to wait.
    let lease = lease(request, session, on: eventLoop)
    // Nearly every call: what waits for nothing needs no closures, each of which would keep a copy of all this.
    if case .ready(.success(let lease)) = lease, case .success(let permit) = decision {
      return .ready(
        .success(
          AdmittedRequest(classified: request.withoutApproval, session: session, permit: permit, lease: lease)))
    }
    let bound = NIOLoopBound(exchange, eventLoop: eventLoop)
    return lease.then(on: eventLoop) { lease in
      let permit: Staged<Permit> =
        if case .success(let permit) = decision { .ready(.success(permit)) } else {
          self.approvals.pass(question, request, for: bound)
        }
      return permit.map { permit in
        .success(AdmittedRequest(classified: request.withoutApproval, session: session, permit: permit, lease: lease))
      }
    }
  }

  private func lease(_ request: ClassifiedRequest, _ session: BoundSession?, on eventLoop: any EventLoop)
    -> Staged<CallLease?>
  {
    guard let limits = request.authenticated.routed.settings.limits, let message = request.message?.request,
      message.method.isCounted
    else { return .ready(.success(nil)) }
    let principal = request.authenticated.principal
    let tool = message.toolName.map { ByteString($0) }
    let call = LimitedCall(
      principal: principal, session: session?.session.digest, server: principal.route.server, tool: tool,
      arguments: limits.findsLoops && tool != nil ? message.argumentsDigest : nil)
    guard !limits.daily.isEmpty else { return .ready(lease(call, limits, nil, id: request.id)) }
    return QuotaGate(quotas: quotas).pass(call, limits, id: request.id, on: eventLoop)
      .map { self.lease(call, limits, $0, id: request.id) }
  }

  private func lease(_ call: LimitedCall, _ limits: LimitRules, _ share: QuotaShare?, id: JSONRPCID?)
    -> Result<CallLease?, Rejection>
  {
    do throws(LimitRefusal) { return .success(try limiter.admit(call, under: limits)) } catch {
      if let share { quotas.giveBack(share) }
      return .failure(.limited(error, id: id))
    }
  }

  /// Finds out who calls, where rules want to know more than the token says.
  private func identified(_ question: PolicyQuestion, _ request: ClassifiedRequest, on eventLoop: any EventLoop)
    -> Staged<PolicyQuestion>
  {
    let always = request.authenticated.routed.settings.asksOracle
    guard always || question.rules?.needsFacts ?? false else { return .ready(.success(question)) }
    if let user = subjects.remembered(question.principal) { return .ready(.success(question.asked(by: user))) }
    let subjects = self.subjects
    return .later(
      eventLoop.makeFutureWithTask {
        do throws(StoreError) {
          return .success(question.asked(by: try await subjects.find(question.principal)))
        } catch {
          return .failure(.temporarilyUnavailable(reason: "user_store", id: request.id))
        }
      })
  }
}

extension Admission {
  /// Finds out what the tool says of itself, where rules ask for it.
  private func defined(_ question: PolicyQuestion, _ request: ClassifiedRequest, on eventLoop: any EventLoop)
    -> Staged<PolicyQuestion>
  {
    guard question.needsDefinitions || request.authenticated.routed.settings.asksOracle,
      let tool = question.message?.request?.toolName
    else {
      return .ready(.success(question))
    }
    return catalogue.definitions(with: ByteString(tool), for: request, on: eventLoop).map { definitions in
      var question = question
      question.facts.definitions = definitions
      return .success(question)
    }
  }

  /// Asks the external engine, where there is one, about what the rules don't refuse.
  private func consulted(_ question: PolicyQuestion, _ request: ClassifiedRequest, on eventLoop: any EventLoop)
    -> Staged<PolicyQuestion>
  {
    guard request.authenticated.routed.settings.asksOracle else { return .ready(.success(question)) }
    do throws(PolicyDenial) { _ = try policy.decide(question) } catch {
      // The decision itself says so.
      guard error.approvableBy != nil else { return .ready(.success(question)) }
    }
    return oracle.pass(question, request, on: eventLoop)
  }

  /// Finds out which definitions are trusted, where tools are pinned.
  private func pinned(_ question: PolicyQuestion, _ request: ClassifiedRequest, on eventLoop: any EventLoop)
    -> Staged<PolicyQuestion>
  {
    guard question.rules?.pinsTools ?? false,
      request.method == .toolsCall || request.method == .toolsList || request.message == nil
    else { return .ready(.success(question)) }
    if let pins = pinning.remembered(question.principal) { return .ready(.success(question.trusting(pins))) }
    let pinning = self.pinning
    return .later(
      eventLoop.makeFutureWithTask {
        do throws(StoreError) {
          return .success(question.trusting(try await pinning.observe(ToolDefinitions(), by: question.principal)))
        } catch {
          return .failure(.temporarilyUnavailable(reason: "tool_store", id: request.id))
        }
      })
  }
}

extension ClassifiedRequest {
  /// The same without what it says to Martlet about an approval, which servers don't understand.
  var withoutApproval: ClassifiedRequest {
    guard authenticated.routed.settings.policy != nil else { return self }
    return PageReply(self, for: .approval)?.request ?? self
  }
}

extension MCPMethod {
  /// Whether limits count it: what a server has to work for. The handshake, what keeps a connection, streams, and asking
  /// how a task is doing aren't.
  fileprivate var isCounted: Bool {
    switch self {
    case .initialize, .ping, .serverDiscover, .loggingSetLevel, .subscriptionsListen, .tasksGet, .tasksResult,
      .tasksCancel:
      false
    default: true
    }
  }
}

extension MCPRequest {
  fileprivate var argumentsDigest: [UInt8] {
    let answers = params.map { JSONObject($0.members.filter { $0.key.utf8.elementsEqual("inputResponses".utf8) }) }
    return JSONValue.array([.object(arguments ?? [:]), .object(answers ?? [:])]).canonicalDigest
  }
}

extension PolicyQuestion {
  fileprivate func trusting(_ pins: [ByteString: [UInt8]]) -> PolicyQuestion {
    var question = self
    question.facts.pins = pins
    return question
  }

  fileprivate func asked(by user: User?) -> PolicyQuestion {
    var question = self
    question.facts.user = user
    question.facts.isCallerKnown = true
    return question
  }
}
