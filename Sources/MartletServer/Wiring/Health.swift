import Synchronization

/// Whether the process can do its work: what `/readyz` answers.
final class Health: Sendable {
  /// What has to be well.
  enum Part: String, CaseIterable, Sendable {
    /// The process listens and isn't stopping.
    case listener
    /// Revocations are followed.
    case revocations
    /// Signing keys are loaded.
    case signingKeys = "signing_keys"
    /// The trail is written.
    case audit
  }

  private let unwell = Mutex<Set<Part>>([.listener])

  /// Notes how a part is.
  ///
  /// - Returns: Whether that is news.
  @discardableResult
  func note(_ part: Part, isWell: Bool) -> Bool {
    unwell.withLock { unwell in isWell ? unwell.remove(part) != nil : unwell.insert(part).inserted }
  }

  /// The parts that aren't well, in the order of their declaration.
  var problems: [Part] {
    let unwell = unwell.withLock { $0 }
    return Part.allCases.filter { unwell.contains($0) }
  }
}
