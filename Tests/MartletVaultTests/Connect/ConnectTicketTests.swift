import Crypto
import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletVault

@Suite struct ConnectTicketTests {
  private let clock = FakeClock(VaultRig.start)
  private let sample = Sample()

  private var tickets: ConnectTickets {
    ConnectTickets(
      sealer: Sealer(key: SymmetricKey(data: SeededRandom(seed: 9).bytes(32))), clock: clock, random: SystemRandom())
  }

  private func ticket(for key: ConnectionKey) throws -> String {
    let path = try #require(tickets.path(for: key))
    #expect(path.hasPrefix("/connect/\(key.route.server)?ticket=mct_"))
    return try #require(path.split(separator: "=", maxSplits: 1).last.map { String($0) })
  }

  @Test func aTicketIsForOneAccountAndOneHour() throws {
    let key = sample.connectionKey()
    let ticket = try ticket(for: key)
    guard case .good(let read) = tickets.read(ticket, for: key) else { return #expect(Bool(false), "not good") }
    #expect(read.digest == ArtefactKind.connectTicket.digest(ticket.utf8))
    #expect(read.expiresAt == clock.now() + .seconds(3600))
    let others = [
      sample.connectionKey(), ConnectionKey(tenant: "acme", route: key.route, owner: key.owner),
      ConnectionKey(tenant: key.tenant, route: RouteID(server: "elsewhere"), owner: key.owner),
      ConnectionKey(tenant: key.tenant, route: key.route, owner: .tenant),
    ]
    for other in others { #expect(tickets.read(ticket, for: other) == .foreign, "\(other)") }
    clock.advance(by: .seconds(3600))
    #expect(tickets.read(ticket, for: key) == .ended)
    #expect(try self.ticket(for: key) != ticket)
  }

  @Test func nothingElseIsATicket() throws {
    let key = sample.connectionKey()
    let ticket = try ticket(for: key)
    let bytes = Array(ticket.utf8)
    for index in bytes.indices.dropFirst(4) where index < bytes.count - 1 {
      var altered = bytes
      altered[index] = altered[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(tickets.read(ByteString(altered).string, for: key) == .foreign, "byte \(index)")
    }
    for other in ["", "mct_", "mct_AAAA", "mcx_" + ticket.dropFirst(4), ticket + "A", ticket + ticket] {
      #expect(tickets.read(other, for: key) == .foreign, "\(other)")
    }
  }

  @Test func accountsThatNobodyConnectsHaveNoPage() {
    let route = RouteID(server: "time")
    #expect(tickets.path(for: ConnectionKey(tenant: .default, route: route, owner: .tenant)) == nil)
    let hidden = RouteID(space: "acme", server: "time")
    #expect(tickets.path(for: ConnectionKey(tenant: "acme", route: hidden, owner: .user("u"))) == nil)
  }
}
