import MCPProtocol
import Synchronization

/// What was learned about the server behind a route while it was used. Lives as long as the configuration snapshot that
/// names the server; all of it may be lost without a wrong decision.
public final class UpstreamServer: Sendable {
  /// Which eras the server speaks, as far as somebody asked it.
  struct SpokenEras: Sendable, Equatable {
    var modern: Bool?
    var legacy: Bool?

    subscript(era: Era) -> Bool? {
      get { era == .modern ? modern : legacy }
      set { if era == .modern { modern = newValue } else { legacy = newValue } }
    }
  }

  private let eras: Mutex<SpokenEras>
  /// How the server carries messages of the legacy era.
  let wire: ServerWireMemory

  /// Nothing is known yet, but for what the operator pinned.
  ///
  /// - Parameter pinned: The revision of `protocol:`; `nil` to find out.
  init(pinned: ProtocolRevision?) {
    wire = ServerWireMemory(pinned: pinned)
    eras = Mutex(SpokenEras(modern: pinned.map { $0.era == .modern }, legacy: pinned.map { $0.era == .legacy }))
  }

  var spokenEras: SpokenEras { eras.withLock { $0 } }

  func learn(_ era: Era, isSpoken: Bool?) { eras.withLock { $0[era] = isSpoken } }
}
