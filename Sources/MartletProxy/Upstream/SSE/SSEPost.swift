import NIOCore

/// Sends one message to a server's endpoint. What the server has to say comes on its stream; here it only takes the
/// message or not.
final class SSEPost: UpstreamReceiver {
  /// How it went.
  enum Outcome {
    case accepted
    case refused(status: Int, type: String?, [UInt8])
    case failed(UpstreamFailure)
  }

  private var status = 0
  private var type: String?
  private var body: [UInt8] = []
  private var completion: ((Outcome) -> Void)?

  /// - Parameter completion: Hears how it went, once.
  init(completion: @escaping (Outcome) -> Void) { self.completion = completion }

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    self.status = status
    type = headers.first("content-type")
    if (200..<300).contains(status) { finish(.accepted) }
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    // Of a refusal the beginning will do.
    if completion != nil, body.count < GatewayLimits.refusal { body.append(contentsOf: bytes.readableBytesView) }
  }

  func upstreamFinished() { finish(.refused(status: status, type: type, body)) }

  func upstreamFailed(_ failure: UpstreamFailure) { finish(.failed(failure)) }

  private func finish(_ outcome: Outcome) {
    let completion = self.completion
    self.completion = nil
    completion?(outcome)
  }
}
