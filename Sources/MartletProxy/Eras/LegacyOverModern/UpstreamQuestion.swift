import MCPProtocol
import NIOCore

/// One question of Martlet's own to a modern server, and its one answer. Used on its event loop only.
final class UpstreamQuestion {
  private var completion: ((Result<MCPResponse, Rejection>) -> Void)?
  private let upstream: ModernUpstream
  private let id: JSONRPCID?
  private var dialogue: UpstreamDialogue?
  private var limit: Scheduled<Void>?

  static func ask(
    _ modern: ModernRequest, _ upstream: ModernUpstream, on eventLoop: any EventLoop,
    _ completion: @escaping (Result<MCPResponse, Rejection>) -> Void
  ) {
    let question = UpstreamQuestion(modern.message.id, upstream, completion)
    do throws(Rejection) {
      // Held by the transport for as long as the call lasts.
      let dialogue = try upstream.send(modern) { question.hear($0) }
      guard question.completion != nil else { return }
      question.dialogue = dialogue
      question.limit = eventLoop.assumeIsolated().scheduleTask(in: LegacyBridgeLimits.ownQuestion) {
        question.fail("timeout")
      }
    } catch { question.finish(.failure(error)) }
  }

  private init(
    _ id: JSONRPCID?, _ upstream: ModernUpstream, _ completion: @escaping (Result<MCPResponse, Rejection>) -> Void
  ) {
    self.id = id
    self.upstream = upstream
    self.completion = completion
  }

  private func hear(_ turn: UpstreamDialogue.Turn) {
    switch turn {
    case .accepted, .message(.notification), .message(.request): break
    case .message(.response(let response)): finish(.success(response))
    case .ended: fail("no_response")
    case .refused(let status, _, let body):
      if ModernRefusal.isDoubtful(status: status, body: body, answering: id) { upstream.forgetEra() }
      guard let failure = ModernRefusal.failure(status: status, body: body) else { return fail("status_\(status)") }
      finish(.success(MCPResponse(id: .null, outcome: .error(failure))))
    case .failed(let failure): finish(.failure(failure.rejection(answering: upstream.request.classified.id)))
    }
  }

  private func fail(_ reason: String) { finish(.failure(upstream.unavailable(reason))) }

  private func finish(_ result: Result<MCPResponse, Rejection>) {
    guard let completion else { return }
    self.completion = nil
    limit?.cancel()
    dialogue?.cancel()
    dialogue = nil
    completion(result)
  }
}
