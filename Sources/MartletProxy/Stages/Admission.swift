import MCPProtocol
import MartletDomain
import MartletPolicy
import NIOCore
import StrictCoding

/// A request that policy allowed.
struct AdmittedRequest: Sendable {
  let classified: ClassifiedRequest
  let session: BoundSession?
  let permit: Permit
  /// Its place among the calls that go on, where these are counted.
  var lease: CallLease?

  /// What stands behind the route.
  var server: UpstreamServer { classified.authenticated.routed.route.server }

  /// The account that the server is called with; `nil` where the vault has no part in it.
  var account: ConnectionKey? {
    let route = classified.authenticated.routed.route
    return route.credential.account(of: classified.authenticated.principal, at: route.resource.id)
  }

  /// The same request in a session that lives elsewhere now.
  func moved(to session: MCPSession) -> AdmittedRequest {
    AdmittedRequest(classified: classified, session: BoundSession(session: session), permit: permit, lease: lease)
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

/// Asks policy, then counts, and makes sure that the trail can take what follows.
struct Admission: Sendable {
  let policy: any PolicyEngine
  let subjects: SubjectDirectory
  let limiter: any CallLimiter
  let catalogue: ToolCatalogue
  let pinning: ToolPinning
  let recorder: ExchangeRecorder

  func admit(_ request: ClassifiedRequest, in session: BoundSession?, on eventLoop: any EventLoop)
    -> Staged<AdmittedRequest>
  {
    guard recorder.hasRoom else {
      return .ready(.failure(.temporarilyUnavailable(reason: "audit_queue_full")))
    }
    let routed = request.authenticated.routed
    let question = PolicyQuestion(
      principal: request.authenticated.principal, route: routed.route.resource,
      messages: isOwnTool(request) ? [] : request.message.map { [$0] } ?? [],
      rules: routed.settings.policy?.server(routed.route.resource.id.server))
    guard question.needsLookups else { return .ready(decide(question, request, session)) }
    return identified(question, on: eventLoop)
      .then(on: eventLoop) { defined($0, request, on: eventLoop) }
      .then(on: eventLoop) { pinned($0, request, on: eventLoop) }
      .map { decide($0, request, session) }
  }

  /// Martlet's own tool, which leads to where an account is connected: whoever may connect to the server may call it.
  private func isOwnTool(_ request: ClassifiedRequest) -> Bool {
    let (route, principal) = (request.authenticated.routed.route, request.authenticated.principal)
    // Asked first: most routes have no account, and the tool's name has to be built.
    guard route.credential.account(of: principal, at: route.resource.id) != nil else { return false }
    return ConnectTool.isCalled(by: request.message)
  }

  private func decide(_ question: PolicyQuestion, _ request: ClassifiedRequest, _ session: BoundSession?)
    -> Result<AdmittedRequest, Rejection>
  {
    let permit: Permit
    do throws(PolicyDenial) { permit = try policy.decide(question) } catch {
      return .failure(.denied(reason: error.reason, id: request.id))
    }
    do throws(LimitRefusal) {
      let lease = try lease(request, session)
      return .success(AdmittedRequest(classified: request, session: session, permit: permit, lease: lease))
    } catch {
      return .failure(.limited(error, id: request.id))
    }
  }

  private func lease(_ request: ClassifiedRequest, _ session: BoundSession?) throws(LimitRefusal) -> CallLease? {
    guard let limits = request.authenticated.routed.settings.limits, let message = request.message?.request,
      message.method.isCounted
    else { return nil }
    let principal = request.authenticated.principal
    let tool = message.toolName.map { ByteString($0) }
    let call = LimitedCall(
      principal: principal, session: session?.session.digest, server: principal.route.server, tool: tool,
      arguments: limits.findsLoops && tool != nil ? message.argumentsDigest : nil)
    return try limiter.admit(call, under: limits)
  }

  /// Finds out who calls, where rules want to know more than the token says.
  private func identified(_ question: PolicyQuestion, on eventLoop: any EventLoop) -> Staged<PolicyQuestion> {
    guard question.rules?.needsFacts ?? false else { return .ready(.success(question)) }
    if let user = subjects.remembered(question.principal) { return .ready(.success(question.asked(by: user))) }
    let subjects = self.subjects
    return .later(
      eventLoop.makeFutureWithTask {
        do throws(StoreError) {
          return .success(question.asked(by: try await subjects.find(question.principal)))
        } catch {
          return .failure(.temporarilyUnavailable(reason: "user_store"))
        }
      })
  }
}

extension Admission {
  /// Finds out what the tool says of itself, where rules ask for it.
  private func defined(_ question: PolicyQuestion, _ request: ClassifiedRequest, on eventLoop: any EventLoop)
    -> Staged<PolicyQuestion>
  {
    guard question.needsDefinitions, let tool = question.messages.first?.request?.toolName else {
      return .ready(.success(question))
    }
    return catalogue.definitions(with: ByteString(tool), for: request, on: eventLoop).map { definitions in
      var question = question
      question.definitions = definitions
      return .success(question)
    }
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
          return .failure(.temporarilyUnavailable(reason: "tool_store"))
        }
      })
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
    question.pins = pins
    return question
  }

  fileprivate func asked(by user: User?) -> PolicyQuestion {
    var question = self
    question.user = user
    question.isCallerKnown = true
    return question
  }
}
