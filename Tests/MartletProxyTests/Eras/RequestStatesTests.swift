import Crypto
import MCPProtocol
import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletProxy

struct RequestStatesTests {
  private let clock = FakeClock()
  private let call = ParkedCallID(bytes: [1, 2, 3])
  private static let key = SymmetricKey(data: [UInt8](repeating: 7, count: 32))

  private func states(node: UInt8 = 1) -> RequestStates {
    RequestStates(sealer: Sealer(key: Self.key), node: [node], clock: clock)
  }

  private func request(
    _ params: JSONObject = ["name": "t", "arguments": ["a": 1, "b": 2]], _ method: MCPMethod = .toolsCall
  )
    -> MCPRequest
  {
    MCPRequest(id: .number(1), method: method, params: params)
  }

  private let binding = ProxyFixture.principal().binding

  private func opened(_ text: String, _ request: MCPRequest? = nil, _ binding: PrincipalBinding? = nil, node: UInt8 = 1)
    -> Result<ParkedCallID, RequestStates.Refusal>
  {
    do throws(RequestStates.Refusal) {
      return .success(try states(node: node).open(text, for: request ?? self.request(), of: binding ?? self.binding))
    } catch { return .failure(error) }
  }

  @Test func aStateOpensForTheSameRequestHoweverItIsWritten() throws {
    let text = try #require(states().seal(call, for: request(), of: binding))
    let retry = request([
      "inputResponses": ["x": 1], "arguments": ["b": 2, "a": 1], "requestState": .string(text), "name": "t",
      "_meta": ["progressToken": 3],
    ])
    #expect(opened(text, retry) == .success(call))
  }

  @Test func V_015_aStateOpensForNobodyAndNothingElse() throws {
    let text = try #require(states().seal(call, for: request(), of: binding))
    for other in [
      request(["name": "u", "arguments": ["a": 1, "b": 2]]), request(["name": "t", "arguments": ["a": 1]]),
      request(["name": "t", "arguments": ["a": 1, "b": 2]], .promptsGet),
    ] {
      #expect(opened(text, other) == .failure(.notAuthentic))
    }
    for other in [
      ProxyFixture.principal(subject: "bob"), ProxyFixture.principal(client: "other"),
      ProxyFixture.principal(tenant: "t2"), ProxyFixture.principal(route: ProxyFixture.notes),
      ProxyFixture.principal(issuer: "https://other.example"),
    ] {
      #expect(opened(text, nil, other.binding) == .failure(.notAuthentic))
    }
  }

  @Test func V_015_aStateThatWasAlteredDoesntOpen() throws {
    let text = Array(try #require(states().seal(call, for: request(), of: binding)).utf8)
    for position in text.indices {
      var bent = text
      bent[position] = bent[position] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(opened(String(decoding: bent, as: UTF8.self)) == .failure(.notAuthentic))
    }
    for nonsense in ["", "A", String(repeating: "A", count: 2000)] {
      #expect(opened(nonsense) == .failure(.notAuthentic))
    }
  }

  @Test func aStateEndsWithItsTimeAndItsProcess() throws {
    let text = try #require(states().seal(call, for: request(), of: binding))
    #expect(opened(text, node: 2) == .failure(.otherProcess))
    clock.advance(by: BridgeLimits.parked)
    #expect(opened(text) == .failure(.expired))
  }
}
