import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A connection of its own for each request: HTTP/1.1, no pool, no proxy, no cookies, no redirects, no decompression.
struct NIOConnector: HTTPConnector {
  private let group: any EventLoopGroup
  private let tls: NIOSSLContext

  init(group: any EventLoopGroup, certificateAuthorityFile: String?) throws {
    self.group = group
    self.tls = try ClientTLS.context(trusting: certificateAuthorityFile)
  }

  func exchange(_ request: ConnectionRequest, at address: IPAddress) async throws(ExchangeError) -> FetchedDocument {
    let eventLoop = group.any()
    let answer = eventLoop.makePromise(of: FetchedDocument.self)
    let timeout = eventLoop.scheduleTask(deadline: request.deadline) {
      answer.fail(ExchangeError.failed(.timedOut))
    }
    defer { timeout.cancel() }
    let connection = connect(request, to: address, on: eventLoop, answer: answer)
    connection.whenFailure { _ in answer.fail(ExchangeError.notConnected(.connectionFailed("connect"))) }
    // Whatever ends the exchange, by an answer, an error or the deadline, ends the connection.
    answer.futureResult.whenComplete { _ in connection.whenSuccess { $0.close(promise: nil) } }
    do {
      return try await answer.futureResult.get()
    } catch let error as ExchangeError {
      throw error
    } catch {
      throw .failed(.connectionFailed("exchange"))
    }
  }

  private func connect(
    _ request: ConnectionRequest, to address: IPAddress, on eventLoop: any EventLoop,
    answer: EventLoopPromise<FetchedDocument>
  ) -> EventLoopFuture<any Channel> {
    let remaining = max(.milliseconds(1), min(request.connectTime, request.deadline - .now()))
    let tls = tls
    let target = Result { try SocketAddress(packedIPAddress: ByteBuffer(bytes: address.bytes), port: request.port) }
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(remaining)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if request.usesTLS {
            try pipeline.addHandler(VerifiedTLS.clientHandler(tls, serverName: request.serverName))
          }
          try pipeline.addHTTPClientHandlers()
          try pipeline.addHandler(ExchangeHandler(request: request, answer: answer))
        }
      }
    switch target {
    case .success(let target): return bootstrap.connect(to: target)
    case .failure(let error): return eventLoop.makeFailedFuture(error)
    }
  }
}
