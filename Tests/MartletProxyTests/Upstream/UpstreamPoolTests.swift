import NIOCore
import NIOEmbedded
import NIOSSL
import OAuthProtocol
import Testing

@testable import MartletProxy

/// A connection that is open until it is closed.
private final class OpenWire: UpstreamWire {
  private(set) var isActive = true
  var isQuiet: Bool { true }

  func send(_ request: OutboundRequest) -> Bool { isActive }
  func setReading(_ reading: Bool) {}
  func close() { isActive = false }
}

@Suite struct UpstreamPoolTests {
  private let eventLoop = EmbeddedEventLoop()

  private func pool() throws -> UpstreamPool {
    let tls = try NIOSSLContext(configuration: .makeClientConfiguration())
    return UpstreamPool(eventLoop: eventLoop, tls: tls, codec: .martlet)
  }

  private func destination(_ url: String) throws -> UpstreamDestination {
    UpstreamDestination(try AbsoluteURL(parsing: url))
  }

  private func connection(in pool: UpstreamPool, to destination: UpstreamDestination) -> UpstreamConnection {
    let connection = UpstreamConnection(lane: pool.lane(to: destination))
    connection.attached(to: OpenWire(), on: eventLoop)
    return connection
  }

  @Test func aConnectionIsFoundAgainByWhereItLeads() throws {
    let pool = try pool()
    let (here, there) = (try destination("http://127.0.0.1:1/mcp"), try destination("http://127.0.0.1:2/mcp"))
    let (first, second) = (connection(in: pool, to: here), connection(in: pool, to: there))
    pool.keep(first)
    #expect(pool.takeIdle(there) == nil)
    pool.keep(second)
    #expect(pool.takeIdle(there) === second)
    #expect(pool.takeIdle(there) == nil)
    #expect(pool.takeIdle(here) === first)
  }

  @Test func aConnectionThatWasUnderWayWhileItsLaneWasClearedIsFoundAgain() throws {
    let pool = try pool()
    let here = try destination("http://127.0.0.1:1/mcp")
    let (first, second) = (connection(in: pool, to: here), connection(in: pool, to: here))
    pool.keep(first)
    #expect(pool.takeIdle(here) === first)
    // Nothing waits in it, so it is given up.
    eventLoop.advanceTime(by: GatewayLimits.idleConnection)
    pool.keep(first)
    #expect(pool.takeIdle(here) === first)
    // Both come back to one lane, also where another took its place meanwhile.
    eventLoop.advanceTime(by: GatewayLimits.idleConnection)
    let third = connection(in: pool, to: here)
    pool.keep(third)
    pool.keep(second)
    pool.keep(first)
    #expect(pool.takeIdle(here) === first)
    #expect(pool.takeIdle(here) === second)
    #expect(pool.takeIdle(here) === third)
    #expect(pool.takeIdle(here) == nil)
  }

  @Test func whatWasClosedIsNotTaken() throws {
    let pool = try pool()
    let here = try destination("http://127.0.0.1:1/mcp")
    let first = connection(in: pool, to: here)
    pool.keep(first)
    first.close()
    #expect(pool.takeIdle(here) == nil)
  }
}
