import MartletDomain
import MartletVault
import NIOCore

/// What a request finds at the vault.
enum ConnectionStanding: Sendable {
  /// It goes on; its requests upstream carry the credential.
  case connected(AdmittedRequest)
  /// Its user has to connect an account first.
  case unconnected(AdmittedRequest, ConnectionNeed)
}

/// Finds out whether the caller's account is connected, before anything is asked of the server in its name.
///
/// The credential itself is put on by ``CredentialTransport``, with each request anew: a bridge or a stream outlives
/// tokens. Immutable; a class, so that no call copies it.
final class CredentialInjector: Sendable {
  let credentials: any UpstreamCredentials

  init(credentials: any UpstreamCredentials) { self.credentials = credentials }

  func inject(_ request: AdmittedRequest, on eventLoop: any EventLoop) -> Staged<ConnectionStanding> {
    // Martlet's own account is connected to nobody.
    guard let account = request.account, account.owner != .tenant else { return .ready(.success(.connected(request))) }
    let reply = PageReply(request.classified, for: .connection)
    let asked = reply.map { request.saying($0.request) } ?? request
    let patience = reply?.isAccepted == true ? NIODeadline.now() + GatewayLimits.connecting : nil
    let promise = eventLoop.makePromise(of: CredentialAnswer.self)
    guard let answer = credentials.credential(for: account, completion: { promise.succeed($0) }) else {
      return .later(
        promise.futureResult.flatMap { self.settle($0, asked, from: request, until: patience, on: eventLoop) })
    }
    promise.succeed(answer)
    if patience == nil || answer.isReady { return .ready(standing(answer, asked, from: request)) }
    return .later(settle(answer, asked, from: request, until: patience, on: eventLoop))
  }

  /// A client that says that its user has gone to the page is kept waiting for a while: else it would ask again and again.
  private func settle(
    _ answer: CredentialAnswer, _ asked: AdmittedRequest, from request: AdmittedRequest, until patience: NIODeadline?,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<Result<ConnectionStanding, Rejection>> {
    guard case .connectionRequired = answer, let patience, patience > .now(), let account = request.account else {
      return eventLoop.makeSucceededFuture(standing(answer, asked, from: request))
    }
    return eventLoop.flatScheduleTask(in: GatewayLimits.connectingLook) { [self] in
      let promise = eventLoop.makePromise(of: CredentialAnswer.self)
      if let answer = credentials.credential(for: account, completion: { promise.succeed($0) }) {
        promise.succeed(answer)
      }
      return promise.futureResult.flatMap { self.settle($0, asked, from: request, until: patience, on: eventLoop) }
    }.futureResult
  }

  private func standing(_ answer: CredentialAnswer, _ asked: AdmittedRequest, from request: AdmittedRequest)
    -> Result<ConnectionStanding, Rejection>
  {
    switch answer {
    case .ready: .success(.connected(asked))
    case .connectionRequired(let reason): .success(.unconnected(request, ConnectionNeed(reason: reason)))
    case .unavailable:
      .failure(
        .upstreamUnavailable(reason: UpstreamFailure.credentialUnavailable.code, id: request.classified.id))
    }
  }
}

extension CredentialAnswer {
  fileprivate var isReady: Bool { if case .ready = self { true } else { false } }
}

extension AdmittedRequest {
  /// The same with another message.
  fileprivate func saying(_ classified: ClassifiedRequest) -> AdmittedRequest {
    AdmittedRequest(classified: classified, session: session, permit: permit, lease: lease)
  }
}
