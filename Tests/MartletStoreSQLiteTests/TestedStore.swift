import MartletStoreSQLite
import MartletTestSupport

/// The stores that pass the contract suite.
enum TestedStore: String, CaseIterable, Sendable {
  case memory, sqlite

  /// Makes an empty store.
  var maker: StoreMaker {
    get throws {
      switch self {
      case .memory: return { MemoryStore() }
      case .sqlite:
        let folder = ScratchFolder()
        return { try SQLiteStore(patient: folder.newPath()) }
      }
    }
  }

  /// Makes several handles on the same, empty data.
  var sharedMaker: SharedStoreMaker {
    get throws {
      switch self {
      case .memory: return { handles in Array(repeating: MemoryStore(), count: handles) }
      case .sqlite:
        let folder = ScratchFolder()
        return { handles in
          let path = folder.newPath()
          return try (0..<handles).map { _ in try SQLiteStore(patient: path) }
        }
      }
    }
  }
}
