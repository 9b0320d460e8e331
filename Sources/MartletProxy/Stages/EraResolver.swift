import MCPProtocol
import NIOCore

/// Decides which era is spoken to the upstream: the client's own where the server speaks it, else the other one.
/// Immutable; a class, so that no call copies it.
final class EraResolver: Sendable {
  let selector: UpstreamSelector
  let transport: any UpstreamTransport

  init(selector: UpstreamSelector, transport: any UpstreamTransport) {
    self.selector = selector
    self.transport = transport
  }

  /// Decides; asks the server where nobody has yet.
  func resolve(_ request: AdmittedRequest, on eventLoop: any EventLoop) -> Staged<Era> {
    let server = request.classified.authenticated.routed.route.server
    let spoken = server.spokenEras
    let wanted = request.classified.classification.era
    if let bound = request.session, !bound.session.isUnconnected {
      if bound.session.upstreamEra == .legacy || spoken[.modern] == true {
        return .ready(.success(bound.session.upstreamEra))
      }
      return bridged(request, server, eventLoop)
    }
    switch (spoken[wanted], spoken[wanted.other]) {
    case (true?, _): return .ready(.success(wanted))
    case (false?, true?): return .ready(.success(wanted.other))
    default: return ask(wanted, request, server, eventLoop)
    }
  }

  private func ask(_ wanted: Era, _ request: AdmittedRequest, _ server: UpstreamServer, _ eventLoop: any EventLoop)
    -> Staged<Era>
  {
    let promise = eventLoop.makePromise(of: Result<Era, Rejection>.self)
    let id = request.classified.id
    let finish: (Result<Era, Rejection>) -> Void = { promise.succeed($0.mapError { $0.answering(id) }) }
    probe(wanted, request, server, eventLoop) { [self] result in
      switch result {
      case .failure(let rejection): finish(.failure(rejection))
      case .success(true): finish(.success(wanted))
      case .success(false):
        probe(wanted.other, request, server, eventLoop) { other in
          // A server that speaks neither gets what the client said, and its refusal goes back as it is.
          finish(other.map { $0 ? wanted.other : wanted })
        }
      }
    }
    return .later(promise.futureResult)
  }

  /// A session with a modern server that may have become a legacy one: then its client begins anew.
  private func bridged(_ request: AdmittedRequest, _ server: UpstreamServer, _ eventLoop: any EventLoop) -> Staged<Era>
  {
    let promise = eventLoop.makePromise(of: Result<Era, Rejection>.self)
    let id = request.classified.id
    probe(.modern, request, server, eventLoop) { result in
      promise.succeed(
        result.mapError { $0.answering(id) }.flatMap { $0 ? .success(.modern) : .failure(.unknownSession(id: id)) })
    }
    return .later(promise.futureResult)
  }

  private func probe(
    _ era: Era, _ request: AdmittedRequest, _ server: UpstreamServer, _ eventLoop: any EventLoop,
    _ completion: @escaping (Result<Bool, Rejection>) -> Void
  ) {
    if let isSpoken = server.spokenEras[era] { return completion(.success(isSpoken)) }
    do throws(Rejection) {
      let probe = EraProbe(try selector.bare(.post, for: request), over: transport, on: eventLoop)
      probe.ask(era) { result in
        if case .success(let isSpoken) = result { server.learn(era, isSpoken: isSpoken) }
        completion(result)
      }
    } catch { completion(.failure(error)) }
  }
}

extension Era {
  var other: Era { self == .modern ? .legacy : .modern }
}
