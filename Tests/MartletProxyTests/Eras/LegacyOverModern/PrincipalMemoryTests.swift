import MCPProtocol
import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletProxy

struct PrincipalMemoryTests {
  private let start = Timestamp(seconds: 1_800_000_000)

  @Test func everyPrincipalHasItsOwnUntilItIsStale() {
    let memory = PrincipalMemory<Int>()
    let (ada, bob) = (ProxyFixture.principal().binding, ProxyFixture.principal(subject: "bob").binding)
    memory.remember(1, for: ada, until: start + .seconds(10))
    #expect(memory.value(for: ada, at: start) == 1 && memory.value(for: bob, at: start) == nil)
    #expect(memory.value(for: ProxyFixture.principal(route: ProxyFixture.notes).binding, at: start) == nil)
    #expect(memory.value(for: ada, at: start + .seconds(10)) == nil)
  }

  @Test func itStaysSmall() {
    let memory = PrincipalMemory<Int>(capacity: 2)
    for index in 0..<9 {
      let binding = ProxyFixture.principal(subject: ByteString("user \(index)")).binding
      memory.remember(index, for: binding, until: start + .seconds(10))
      #expect(memory.value(for: binding, at: start) == index)
    }
    #expect(memory.value(for: ProxyFixture.principal(subject: "user 0").binding, at: start) == nil)
  }

  @Test(arguments: [(nil, 30), (0, 30), (-5, 30), (60_000, 60), (Int64.max, 600)] as [(Int64?, Int64)])
  func freshnessIsBounded(_ ttl: Int64?, _ seconds: Int64) {
    #expect(Freshness.end(ttl: ttl, from: start) == start + .seconds(seconds))
  }

  @Test func mirrorsAreKeptOfToolsThatHaveAny() {
    var mirrors = ToolMirrors()
    let schema: JSONValue = ["properties": ["region": ["type": "string", "x-mcp-header": "Region"]]]
    mirrors.add([["name": "where", "inputSchema": schema], ["name": "plain", "inputSchema": [:]], 7])
    func fields(_ name: String) -> [MirroredHeaders.Parameter] {
      let params: JSONObject = ["name": .string(name), "arguments": ["region": "eu"]]
      return mirrors.fields(for: MCPRequest(id: .number(1), method: .toolsCall, params: params))
    }
    #expect(fields("where") == [MirroredHeaders.Parameter(name: "Region", value: "eu")])
    #expect(fields("plain").isEmpty && fields("other").isEmpty)
  }
}
