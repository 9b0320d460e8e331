import MCPProtocol
import NIOCore

/// The event stream that a client reads: its head, every event at once, a comment when it is quiet. Used on its event
/// loop only.
final class ClientEventStream {
  private let exchange: GatewayExchange
  private var keepAlive: Scheduled<Void>?
  private var lastWrite = NIODeadline.now()
  private var isOpen = false
  private var largest = 0

  init(exchange: GatewayExchange) { self.exchange = exchange }

  private var client: any ClientStream { exchange.client }

  /// Sends the head.
  func open() {
    isOpen = true
    var head = GatewayResponse.Head(status: 200, type: "text/event-stream")
    head.headers.add("x-accel-buffering", "no")
    exchange.sendHead(head, length: nil)
    // Proxies on the way may hold a head back until the first byte of the body (X5).
    write(ByteBuffer(bytes: SSEEvent.keepAlive))
    scheduleTick()
  }

  /// Sends events. However large one is, it may wait by itself.
  ///
  /// - Returns: Whether the reader keeps up; one that doesn't has to be cut (V-084).
  func send(_ events: [SSEEvent]) -> Bool {
    guard isOpen else { return true }
    var buffer = ByteBuffer()
    for event in events where !event.isEmpty { largest = max(largest, buffer.writeBytes(event.encoded())) }
    guard buffer.readableBytes > 0 else { return true }
    write(buffer)
    return client.waitingBytes <= GatewayLimits.slowReader + largest
  }

  /// Sends events that are written out already.
  func send(encoded events: ByteBuffer) {
    if isOpen { write(events) }
  }

  /// Nothing more is sent; the caller ends or cuts the answer.
  func stop() {
    isOpen = false
    keepAlive?.cancel()
  }

  private func scheduleTick() {
    let due = lastWrite + GatewayLimits.keepAlive
    keepAlive = client.eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in self?.tick() }
  }

  private func tick() {
    guard isOpen else { return }
    if lastWrite + GatewayLimits.keepAlive <= .now() { write(ByteBuffer(bytes: SSEEvent.keepAlive)) }
    scheduleTick()
  }

  private func write(_ bytes: ByteBuffer) {
    lastWrite = .now()
    client.send(body: bytes)
  }
}
