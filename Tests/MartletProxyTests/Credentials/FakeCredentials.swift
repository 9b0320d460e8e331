import MartletDomain
import MartletVault
import OAuthProtocol
import Synchronization

@testable import MartletProxy

/// A vault that answers what it is told to, when it is told to.
final class FakeCredentials: UpstreamCredentials {
  private struct State {
    var answer: CredentialAnswer?
    var waiting: [Vault.Completion] = []
    var replacements: [CredentialAnswer] = []
    var refused: [Int] = []
    var rejected: [Int] = []
    var accepted: [Int] = []
    var widened: [ScopeSet] = []
    var asked: [ConnectionKey] = []
  }

  private let state: Mutex<State>

  /// - Parameters:
  ///   - answer: What is known at once; `nil` to wait for ``answer(_:)``.
  ///   - replacements: What comes for refused credentials, one after the other.
  init(_ answer: CredentialAnswer?, replacements: [CredentialAnswer] = []) {
    state = Mutex(State(answer: answer, replacements: replacements))
  }

  static func ready(_ token: String, _ version: Int = 1) -> CredentialAnswer {
    .ready(UpstreamAccess(token: Secret(token), version: version))
  }

  var refused: [Int] { state.withLock { $0.refused } }
  var rejected: [Int] { state.withLock { $0.rejected } }
  var accepted: [Int] { state.withLock { $0.accepted } }
  var widened: [ScopeSet] { state.withLock { $0.widened } }
  var asked: [ConnectionKey] { state.withLock { $0.asked } }

  /// Answers whoever waits, and whoever comes.
  func answer(_ answer: CredentialAnswer) {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      state.answer = answer
      return state.waiting
    }
    for completion in waiting { completion(answer) }
  }

  func credential(for key: ConnectionKey, completion: @escaping Vault.Completion) -> CredentialAnswer? {
    state.withLock { state in
      state.asked.append(key)
      if state.answer == nil { state.waiting.append(completion) }
      return state.answer
    }
  }

  func field(with access: UpstreamAccess, for key: ConnectionKey) -> UpstreamCredential? {
    UpstreamCredential(bearer: access.token)
  }

  func replacement(for access: UpstreamAccess, of key: ConnectionKey, completion: @escaping Vault.Completion) {
    completion(
      state.withLock { state in
        state.refused.append(access.version)
        return state.replacements.isEmpty ? .connectionRequired(.refused) : state.replacements.removeFirst()
      })
  }

  func demandScopes(
    _ wanted: ScopeSet, beyond access: UpstreamAccess, of key: ConnectionKey,
    completion: @escaping @Sendable (ScopeDemand?) -> Void
  ) {
    state.withLock { $0.widened.append(wanted) }
    completion(wanted.isEmpty ? nil : .connect(wanted))
  }

  func reject(_ access: UpstreamAccess, of key: ConnectionKey, completion: @escaping @Sendable () -> Void) {
    state.withLock { $0.rejected.append(access.version) }
    completion()
  }

  func accept(_ access: UpstreamAccess, of key: ConnectionKey) {
    state.withLock { $0.accepted.append(access.version) }
  }

  func connectPath(for key: ConnectionKey) -> String? { nil }
}
