import Crypto
import MCPProtocol
import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletProxy

struct EventIDsTests {
  private let ids = EventIDs(sealer: Sealer(key: SymmetricKey(size: .bits256)))
  private let sample = Sample()

  private func point(_ kind: StreamName.Kind = .call) -> EventPoint {
    EventPoint(
      stream: StreamName(kind, loop: 3), sequence: 41, request: .string("a\u{0}b"), upstreamID: "theirs-7")
  }

  @Test func R_60_anIDComesBackAsItWent() {
    let session = sample.mcpSession()
    for request in [JSONRPCID.number(-1), .string("x"), .string("")] {
      var sent = point()
      sent.request = request
      var back = ids.decode(ids.encode(sent, of: session), of: session)
      #expect(back?.upstreamSession == session.upstreamSession)
      back?.upstreamSession = nil
      #expect(back == sent)
    }
    let standing = EventPoint(stream: StreamName(.standing, loop: 0), sequence: 1)
    #expect(ids.decode(ids.encode(standing, of: session), of: session) == standing)
    #expect(ids.encode(point(), of: session).utf8.allSatisfy { (0x21...0x7E).contains($0) })
  }

  @Test func R_60_V_014_anIDIsItsSessionsOnly() {
    let (mine, other) = (sample.mcpSession(), sample.mcpSession())
    let id = ids.encode(point(), of: mine)
    #expect(ids.decode(id, of: other) == nil)
    let elsewhere = EventIDs(sealer: Sealer(key: SymmetricKey(size: .bits256)))
    #expect(elsewhere.decode(id, of: mine) == nil)
    var moved = mine
    moved.upstreamSession = "another"
    let after = ids.decode(id, of: moved)
    #expect(after?.request == point().request)
    #expect(after?.upstreamID == nil, "another session of the upstream knows nothing of its ids")
  }

  @Test func R_60_nothingInItCanBeChanged() {
    let session = sample.mcpSession()
    let id = ids.encode(point(), of: session)
    let parts = id.split(separator: ".").map(String.init)
    var forged = [
      "", ".", "..", "1", "stream-1_42", parts[0], "\(parts[0]).", "\(parts[0]).x", "\(parts[0]).-1.\(parts[2])",
      "\(parts[0]).41", "\(parts[0]).42.\(parts[2])", "\(parts[0]).041.\(parts[2])", "\(id).x", "\(parts[0]).41.",
      "\(parts[0]).99999999999999999999.\(parts[2])", StreamName(.call, loop: 3).text + ".41." + parts[2],
    ]
    for position in id.indices where id[position] != "." {
      forged.append(id.replacingCharacters(in: position...position, with: id[position] == "A" ? "B" : "A"))
    }
    for text in forged where text != id {
      #expect(ids.decode(text, of: session) == nil, "\(text)")
    }
  }

  @Test func namesAreReadStrictly() {
    let name = StreamName(.standing, loop: 255, number: .max)
    #expect(StreamName(Substring(name.text).utf8) == name)
    for text in ["", "AAAAAAAAAAAAA", "AAAAAAAAAAAAAAA", "AgAAAAAAAAAAAA", "AAAAAAAAAAAAA="] {
      #expect(StreamName(Substring(text).utf8) == nil, "\(text)")
    }
  }
}

extension String {
  fileprivate func replacingCharacters(in range: ClosedRange<String.Index>, with text: String) -> String {
    var copy = self
    copy.replaceSubrange(range, with: text)
    return copy
  }
}
