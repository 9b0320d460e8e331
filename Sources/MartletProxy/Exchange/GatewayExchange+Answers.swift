import MartletDomain
import NIOCore

/// What goes back to the client, and the record of it.
extension GatewayExchange {
  /// Refuses, renders, records.
  func reject(_ rejection: Rejection, route: RouteID? = nil) {
    record.reason = rejection.reason
    record.isForwarded = false
    if case .connectionRequired(let need, _) = rejection, let withAccount {
      return answerUnconnected(withAccount, need)
    }
    if case .unauthenticated = rejection, let route { gateway.recorder.probed(record, route: route) }
    answer(RejectionRendering(settings: settings).render(rejection, path: path), reason: rejection.reason)
  }

  /// Sends a whole answer that came from the upstream, and ends.
  func deliver(_ response: GatewayResponse) {
    answer(response, reason: response.head.status < 400 ? nil : "upstream_status_\(response.head.status)")
  }

  func answer(_ response: GatewayResponse, reason: String?) {
    if clientIsGone { return answerEnded(reason: "client_disconnected") }
    stall?.cancel()
    record.reason = reason
    record.status = response.head.status
    // Before the client hears of it: what it does next must not come first in the trail.
    finishRecord()
    sendHead(response.head, length: response.body.count)
    if !response.body.isEmpty, record.method != "HEAD" { client.send(body: ByteBuffer(bytes: response.body)) }
    if bodyIsComplete {
      state = .ended
      client.finish()
    } else {
      state = .discardingBody
      let client = self.client
      stall = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.discardTime) { client.abort() }
    }
  }

  /// Sends the head of an answer, with what every answer carries.
  func sendHead(_ head: GatewayResponse.Head, length: Int?) {
    var head = head
    crossOrigin.decorate(&head)
    record.status = head.status
    client.send(head: head, length: length)
  }

  /// Sends the head of a JSON answer that is relayed as it comes.
  func sendJSONHead(length: Int?) {
    record.status = 200
    client.send(head: crossOrigin.jsonHead, length: length)
  }

  /// The answer is done; what happened is written down.
  ///
  /// - Parameter status: The status, where the head has not been sent yet.
  func answerEnded(reason: String?, status: Int? = nil) {
    record.reason = reason ?? record.reason
    if let status { record.status = status }
    finishRecord()
    state = .ended
  }

  private func finishRecord() {
    if case .ended = state { return }
    // Where the client is gone, the work may go on: then it is given back when nobody holds it any more.
    if !clientIsGone { lease?.release() }
    lease = nil
    record.end(in: gateway.recorder)
  }
}
