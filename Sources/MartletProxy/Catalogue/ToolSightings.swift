import MartletDomain
import MartletPolicy
import NIOCore
import StrictCoding
import Synchronization

/// What clients' lists show of pinned tools: a change that is held back is noted at once, so that somebody can look at it
/// and accept it before anything is called (V-031).
final class ToolSightings: Sendable {
  /// A pinned tool in a list.
  struct Sighting: Sendable {
    let tool: ByteString
    let definition: JSONValue
    let digest: [UInt8]
    let isTrusted: Bool
  }

  private struct Place: Hashable {
    let tenant: TenantID
    let route: RouteID
    let tool: ByteString
  }

  /// How many changes are remembered; beyond that they are noted again.
  private static let most = 10_000

  private let pinning: ToolPinning
  private let eventLoop: any EventLoop
  /// What was noted last of tools that are not as they were trusted: a list that is asked for often isn't a write each time.
  private let noted = Mutex<[Place: [UInt8]]>([:])

  init(pinning: ToolPinning, eventLoop: any EventLoop) {
    self.pinning = pinning
    self.eventLoop = eventLoop
  }

  /// Takes note of what a list shows. Nobody waits for it; what the store didn't take is noted with the next list.
  func saw(_ tools: [Sighting], by principal: Principal) {
    let news = noted.withLock { noted in
      tools.filter { tool in
        let place = Place(tenant: principal.tenant, route: principal.route, tool: tool.tool)
        // One that is again as it was trusted counts as unchanged.
        if tool.isTrusted { return noted.removeValue(forKey: place) != nil }
        if noted.count >= Self.most { noted.removeAll(keepingCapacity: true) }
        return noted.updateValue(tool.digest, forKey: place) != tool.digest
      }
    }
    guard !news.isEmpty else { return }
    var definitions = ToolDefinitions()
    for tool in news { definitions.add(tool.definition) }
    let (pinning, seen) = (self.pinning, definitions)
    eventLoop.makeFutureWithTask { try await pinning.observe(seen, by: principal) }
      .whenFailure { [self] _ in forget(news, of: principal) }
  }

  private func forget(_ tools: [Sighting], of principal: Principal) {
    noted.withLock { noted in
      for tool in tools {
        noted[Place(tenant: principal.tenant, route: principal.route, tool: tool.tool)] = nil
      }
    }
  }
}
