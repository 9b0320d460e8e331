import MartletDomain
import Synchronization

/// The elicitations by which legacy clients were sent to pages, so that they can be told when those are done with. All of
/// it may be lost: such a client tries again on its own.
final class AwaitedPages: Sendable {
  private static let ofPrincipal = 8

  private let capacity: Int
  private let entries = Mutex<[PrincipalBinding: [String]]>([:])

  /// - Parameter capacity: How many principals; when it is full, everything is forgotten.
  init(capacity: Int = 10_000) { self.capacity = capacity }

  func note(_ elicitation: String, for principal: PrincipalBinding) {
    entries.withLock { entries in
      if entries.count >= capacity { entries.removeAll() }
      entries[principal] = (entries[principal] ?? []).suffix(Self.ofPrincipal - 1) + [elicitation]
    }
  }

  /// What was noted, once.
  func take(for principal: PrincipalBinding) -> [String] {
    entries.withLock { $0.removeValue(forKey: principal) ?? [] }
  }
}
