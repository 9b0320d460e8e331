import MCPProtocol
import Synchronization

/// How a server of the legacy era carries messages.
enum ServerWire: Sendable, Equatable {
  /// Streamable HTTP: 2025-03-26 and later.
  case streamableHTTP
  /// HTTP+SSE of 2024-11-05: one stream for everything that the server says, one endpoint for all that it is told.
  case httpSSE
}

/// What is known of a server's wire: pinned, or learned when a session was begun.
final class ServerWireMemory: Sendable {
  private let pinned: ServerWire?
  private let learned = Mutex<ServerWire?>(nil)

  /// - Parameter revision: The revision of `protocol:`; only 2024-11-05 means HTTP+SSE.
  init(pinned revision: ProtocolRevision?) {
    pinned = revision.map { $0 == .v20241105 ? .httpSSE : .streamableHTTP }
  }

  var known: ServerWire? { pinned ?? learned.withLock { $0 } }

  func learn(_ wire: ServerWire?) { learned.withLock { $0 = wire } }
}
