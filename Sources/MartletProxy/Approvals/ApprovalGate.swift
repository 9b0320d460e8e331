import MCPProtocol
import MartletDomain
import MartletPolicy
import NIOCore
import StrictCoding

/// Holds calls that a rule wants an approval for, and lets the one through that has it.
///
/// What the tool is now is asked of the server anew, since the approval was for the tool as it was then; only after that
/// is the approval spent, as the last thing before the call goes on.
struct ApprovalGate: Sendable {
  /// The reason of a call that somebody decided against.
  static let denied = "approval_denied"

  let approvals: Approvals
  let policy: any PolicyEngine
  let catalogue: ToolCatalogue

  /// - Parameters:
  ///   - question: What policy held up; it is asked again with what is found out.
  ///   - exchange: Whose call it is. Nothing is spent on one that isn't wanted any more.
  /// - Returns: The permit, once it is there.
  func pass(_ question: PolicyQuestion, _ request: ClassifiedRequest, for exchange: NIOLoopBound<GatewayExchange>)
    -> Staged<Permit>
  {
    let eventLoop = exchange.eventLoop
    guard let tool = request.message?.request?.toolName else {
      return .later(claim(question, request, for: exchange))
    }
    return catalogue.definitions(with: ByteString(tool), for: request, anew: true, on: eventLoop)
      .then(on: eventLoop) { definitions in
        var question = question
        question.facts.definitions = definitions
        return .later(claim(question, request, for: exchange))
      }
  }

  private func claim(
    _ question: PolicyQuestion, _ request: ClassifiedRequest, for exchange: NIOLoopBound<GatewayExchange>
  ) -> EventLoopFuture<Result<Permit, Rejection>> {
    let eventLoop = exchange.eventLoop
    do throws(PolicyDenial) {
      // With what is known of the tool now, it may be allowed or denied outright.
      return eventLoop.makeSucceededFuture(.success(try policy.decide(question)))
    } catch {
      guard let rule = error.approvableBy, let settings = request.authenticated.routed.settings.policy,
        let held = HeldCall(request, definitions: question.facts.definitions, rule: rule)
      else { return eventLoop.makeSucceededFuture(.failure(.denied(reason: error.reason, id: request.id))) }
      let patience =
        PageReply(request, for: .approval)?.isAccepted == true ? NIODeadline.now() + GatewayLimits.connecting : nil
      return claim(held, settings, question, request, until: patience, for: exchange)
    }
  }

  /// A client that says that its user has gone to the page is kept waiting for a while: else it would ask again and again.
  private func claim(
    _ held: HeldCall, _ settings: AccessPolicy, _ question: PolicyQuestion, _ request: ClassifiedRequest,
    until patience: NIODeadline?, for exchange: NIOLoopBound<GatewayExchange>
  ) -> EventLoopFuture<Result<Permit, Rejection>> {
    let (approvals, eventLoop) = (self.approvals, exchange.eventLoop)
    guard exchange.value.isWanted else {
      return eventLoop.makeSucceededFuture(.failure(.invalidToken(reason: Authenticator.revoked)))
    }
    let outcome = eventLoop.makeFutureWithTask { () async -> Result<ApprovalOutcome, StoreError> in
      do throws(StoreError) { return .success(try await approvals.claim(held, under: settings)) } catch {
        return .failure(error)
      }
    }
    return outcome.flatMap { outcome in
      if case .success(.waiting(let id)) = outcome, let patience {
        return decided(id, until: patience, for: exchange).flatMap { isDecided in
          isDecided
            ? claim(held, settings, question, request, until: nil, for: exchange)
            : eventLoop.makeSucceededFuture(settle(outcome, question, request))
        }
      }
      return eventLoop.makeSucceededFuture(settle(outcome, question, request))
    }
  }

  /// Whether somebody decides in time.
  private func decided(
    _ id: ApprovalID, until patience: NIODeadline, for exchange: NIOLoopBound<GatewayExchange>
  ) -> EventLoopFuture<Bool> {
    let (approvals, eventLoop) = (self.approvals, exchange.eventLoop)
    guard patience > .now(), exchange.value.isWanted else { return eventLoop.makeSucceededFuture(false) }
    return eventLoop.flatScheduleTask(in: GatewayLimits.connectingLook) {
      eventLoop.makeFutureWithTask { (try? await approvals.isUndecided(id)) ?? true }
    }.futureResult.flatMap { isUndecided in
      isUndecided ? decided(id, until: patience, for: exchange) : eventLoop.makeSucceededFuture(true)
    }
  }

  private func settle(
    _ outcome: Result<ApprovalOutcome, StoreError>, _ question: PolicyQuestion, _ request: ClassifiedRequest
  ) -> Result<Permit, Rejection> {
    switch outcome {
    case .failure: return .failure(.temporarilyUnavailable(reason: "approval_store", id: request.id))
    case .success(.waiting(let id)): return .failure(.approvalRequired(id, id: request.id))
    case .success(.denied): return .failure(.denied(reason: Self.denied, id: request.id))
    case .success(.unaskable(let reason)): return .failure(.denied(reason: reason, id: request.id))
    case .success(.approved(let approved)):
      var question = question
      question.facts.approved = approved
      do throws(PolicyDenial) { return .success(try policy.decide(question)) } catch {
        return .failure(.denied(reason: error.reason, id: request.id))
      }
    }
  }
}

extension HeldCall {
  /// - Returns: `nil` for a tool that its server doesn't have.
  fileprivate init?(_ request: ClassifiedRequest, definitions: ToolDefinitions?, rule: String) {
    guard let message = request.withoutApproval.message?.request, let name = message.mirroredName else { return nil }
    var params = message.params ?? JSONObject()
    // It differs whenever a call is repeated.
    params["_meta"] = nil
    var definition: [UInt8] = []
    if let tool = message.toolName {
      guard let found = definitions?.tools[ByteString(tool)] else { return nil }
      definition = found.digest
    }
    let incoming = request.incoming
    self.init(
      principal: request.authenticated.principal, request: incoming.id, address: incoming.address,
      method: message.method.name, target: ByteString(name),
      parameters: JSONWriter.write(JSONValue.object(params).canonical), definition: definition, rule: rule)
  }
}
