import MCPProtocol
import MartletDomain
import NIOCore

/// The stream of a call that a bridge answers in a legacy session: it goes through a log, to which a client that was cut off
/// comes back. Used on its event loop only.
final class KeptStream {
  private let log: EventLog
  private var reading: LoggedEvents?

  /// Begins the log, and its client reads; the head must be out.
  ///
  /// - Parameters:
  ///   - request: The call that the stream answers.
  ///   - producer: Slowed down where the client is slow.
  ///   - left: Hears, once, that the client got everything (and why it ended), or came back on another connection.
  init?(
    _ exchange: GatewayExchange, _ session: MCPSession, answering request: JSONRPCID?, for principal: Principal,
    from producer: any EventProducer, through events: ClientEventStream, left: @escaping (EventLog.End) -> Void
  ) {
    guard let loop = exchange.gateway.streams.loop(exchange.client.eventLoop) else { return nil }
    log = loop.logs.begin(.call, of: session, answering: request)
    log.producer = producer
    let reader = log.attach(after: 0, for: principal)
    reading = LoggedEvents(reader, to: exchange.client, through: events) { [weak self] end in
      self?.reading = nil
      left(end)
    }
    log.prime()
    reading?.pull()
  }

  func append(_ event: SSEEvent) { log.append([event]) }

  func finish(_ end: EventLog.End) { log.finish(end) }

  /// The client takes more.
  func pull() { reading?.pull() }

  /// The client is gone.
  func leave() {
    reading?.stop()
    reading = nil
  }
}
