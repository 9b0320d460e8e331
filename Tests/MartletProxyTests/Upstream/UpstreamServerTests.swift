import MCPProtocol
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import Testing

@testable import MartletProxy

struct UpstreamServerTests {
  private static func addresses(_ ports: some Sequence<Int>, draining: Set<Int> = []) throws -> [UpstreamAddress] {
    try ports.map {
      UpstreamAddress(
        url: try AbsoluteURL(parsing: "http://127.0.0.1:\($0)/mcp"), isDraining: draining.contains($0))
    }
  }

  private static func server(_ ports: some Sequence<Int>, draining: Set<Int> = [], after: UpstreamServer? = nil) throws
    -> UpstreamServer
  {
    UpstreamServer(try addresses(ports, draining: draining), pinned: nil, after: after)
  }

  private func eject(_ instance: UpstreamInstance, _ fault: InstanceHealth.Fault = .unreachable) {
    for _ in 0..<GatewayLimits.failingTimes { _ = instance.failed(fault) }
  }

  /// Where each of many sessions begins, by the port of its instance.
  private func places(_ server: UpstreamServer, _ digests: [ArtefactDigest]) -> [Int?] {
    digests.map { server.placement(of: $0).first?.url.effectivePort }
  }

  @Test(arguments: [1, 2, 4, 9]) func R_64_oneInstanceMoreOrLessMovesAtMostItsShare(count: Int) throws {
    let sample = Sample(seed: UInt64(count))
    let digests = (0..<10_000).map { _ in sample.digest() }
    let before = places(try Self.server(1...count), digests)
    let after = places(try Self.server(1...(count + 1)), digests)
    let moved = zip(before, after).filter { $0 != $1 }
    #expect(moved.count <= digests.count / count, "\(moved.count) of 10,000 moved from \(count) to \(count + 1)")
    #expect(moved.allSatisfy { $0.1 == count + 1 }, "only the new instance gets any")
    // Each instance has its share, give or take a fifth.
    for port in 1...(count + 1) {
      let share = after.count { $0 == port } * (count + 1)
      #expect((8_000...12_000).contains(share), "port \(port)")
    }
  }

  @Test func aSessionBeginsWhereTheInstanceIsThere() throws {
    let server = try Self.server(1...3)
    let session = Sample().digest()
    let order = server.placement(of: session)
    #expect(order.count == 3)
    #expect(server.placement(of: session, avoiding: order[0]).map(\.url) == [order[1], order[2], order[0]].map(\.url))
    eject(order[0])
    #expect(server.placement(of: session).map(\.url) == [order[1], order[2]].map(\.url))
    order.dropFirst().forEach { eject($0) }
    #expect(server.placement(of: session).count == 3, "a guess about health never takes all of them away")
  }

  @Test func whatHasNoSessionGoesToTheLeastLoaded() throws {
    let server = try Self.server(1...3)
    let busy = try #require(server.instance("http://127.0.0.1:1/mcp"))
    for _ in 0..<3 { busy.began() }
    let firsts = Set((0..<30).compactMap { _ in server.leastLoaded.first?.url.effectivePort })
    #expect(firsts == [2, 3], "in turns where several are idle, never the busy one")
    #expect(server.leastLoaded.last === busy)
    for _ in 0..<3 { busy.ended() }
    #expect(Set((0..<30).compactMap { _ in server.leastLoaded.first?.url.effectivePort }) == [1, 2, 3])
  }

  @Test func affinityEndsWithTheInstance() throws {
    let server = try Self.server(1...3, draining: [2])
    #expect(server.keeps("http://127.0.0.1:1/mcp"))
    #expect(!server.keeps("http://127.0.0.1:2/mcp"), "it drains")
    #expect(!server.keeps("http://127.0.0.1:9/mcp"), "it isn't configured")
    #expect(server.urls.map(\.effectivePort) == [1, 3])
    let first = try #require(server.instance("http://127.0.0.1:1/mcp"))
    eject(first, .failing)
    #expect(server.keeps("http://127.0.0.1:1/mcp"), "5xx moves nothing new there, but sessions stay")
    first.succeeded()
    eject(first)
    #expect(!server.keeps("http://127.0.0.1:1/mcp"), "it is gone, and another is there")
    eject(try #require(server.instance("http://127.0.0.1:3/mcp")))
    #expect(server.keeps("http://127.0.0.1:1/mcp"), "nowhere else to go")
  }

  @Test func whatWasLearnedOutlivesAReload() throws {
    let before = try Self.server(1...3)
    before.learn(.legacy, isSpoken: true)
    let first = try #require(before.instance("http://127.0.0.1:1/mcp"))
    eject(first)
    let after = try Self.server([1, 4], after: before)
    #expect(after.instance("http://127.0.0.1:1/mcp") === first)
    #expect(after.spokenEras.legacy == true)
    #expect(after.placement(of: Sample().digest()).map(\.url.effectivePort) == [4])
    let other = try Self.server([7], after: after)
    #expect(other.spokenEras.legacy == nil, "another server under the same name")
    let pinned = UpstreamServer(try Self.addresses([1]), pinned: .v20250618, after: after)
    #expect(pinned.spokenEras.modern == false)
  }
}
