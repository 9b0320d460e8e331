import NIOCore

@testable import MartletProxy

/// Notes down what a server is heard to say.
final class Hearer: UpstreamReceiver {
  var heard: [String] = []

  func upstreamAnswered(status: Int, headers: HeaderFields) { heard.append("\(status)") }
  func upstreamSent(_ bytes: ByteBuffer) { heard.append(String(buffer: bytes)) }
  func upstreamFinished() { heard.append("end") }
  func upstreamFailed(_ failure: UpstreamFailure) { heard.append(failure.code) }
}
