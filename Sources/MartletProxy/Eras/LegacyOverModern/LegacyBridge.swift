import MCPProtocol
import MartletDomain
import StrictCoding

/// What all exchanges between legacy clients and modern servers share, on every event loop.
final class LegacyBridge: Sendable {
  let desk = LegacyDesk()
  /// Which arguments the tools want mirrored into headers.
  let mirrors = PrincipalMemory<ToolMirrors>()
  /// What servers declare.
  let features = PrincipalMemory<DeclaredFeatures>()
  let clock: any WallClock
  private let random: any RandomSource

  init(clock: any WallClock, random: any RandomSource) {
    self.clock = clock
    self.random = random
  }

  /// An id that nobody can guess, for a question to a client.
  func questionID() -> String { "mq_" + Base64URL.encode(random.bytes(16)) }
}

/// The mirrored arguments of those tools that have any.
struct ToolMirrors: Sendable {
  private var ofTools: [ByteString: ParameterMirrors] = [:]

  /// Takes a page of `tools/list`; a tool whose annotations break the rules has none that could be sent.
  mutating func add(_ tools: [JSONValue]) {
    for tool in tools where ofTools.count < LegacyBridgeLimits.mirroredTools {
      guard let name = tool["name"]?.stringValue, let schema = tool["inputSchema"],
        let mirrors = try? ParameterMirrors(inputSchema: schema), !mirrors.mirrors.isEmpty
      else { continue }
      ofTools[ByteString(name)] = mirrors
    }
  }

  /// The fields for a call.
  func fields(for request: MCPRequest) -> [MirroredHeaders.Parameter] {
    guard let name = request.toolName else { return [] }
    return ofTools[ByteString(name)]?.headers(for: request.arguments) ?? []
  }
}
