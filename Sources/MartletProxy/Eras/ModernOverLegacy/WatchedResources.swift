import MCPProtocol
import StrictCoding

/// The resources that a session watches at a legacy server, each for as long as somebody wants it. Used on its event loop
/// only.
///
/// About one resource, one thing is asked at a time: a server may take two requests in any order, and a resource that is
/// wanted again would be watched no more.
final class WatchedResources {
  /// Sends `resources/subscribe` or `resources/unsubscribe`, and hears whether the server took it.
  typealias Ask = (_ method: MCPMethod, _ uri: String, _ number: Int, _ completion: @escaping (Bool) -> Void) -> Void

  private enum Watch {
    /// The server is asked; these want to know.
    case beginning([(Bool) -> Void])
    /// So many want it.
    case open(Int)
    /// The server is told that nobody wants it any more; these want it anew.
    case ending([(Bool) -> Void])
  }

  private var watches: [ByteString: Watch] = [:]
  private var lastNumber = 0
  private let ask: Ask

  init(_ ask: @escaping Ask) { self.ask = ask }

  /// Watches a resource.
  ///
  /// - Parameter completion: Hears whether the server does so.
  func watch(_ uri: String, _ completion: @escaping (Bool) -> Void) {
    let key = ByteString(uri)
    switch watches[key] {
    case .beginning(let waiting): watches[key] = .beginning(waiting + [completion])
    case .ending(let waiting): watches[key] = .ending(waiting + [completion])
    case .open(let count):
      watches[key] = .open(count + 1)
      completion(true)
    case nil:
      watches[key] = .beginning([completion])
      send(.resourcesSubscribe, uri) { [self] in began(key, $0) }
    }
  }

  private func began(_ key: ByteString, _ isTaken: Bool) {
    guard case .beginning(let waiting) = watches[key] else { return }
    watches[key] = isTaken ? .open(waiting.count) : nil
    for completion in waiting { completion(isTaken) }
  }

  /// Somebody for whom the server watches it doesn't want it any more.
  func unwatch(_ uri: String) {
    let key = ByteString(uri)
    guard case .open(let count) = watches[key] else { return }
    if count > 1 {
      watches[key] = .open(count - 1)
    } else {
      watches[key] = .ending([])
      send(.resourcesUnsubscribe, uri) { [self] _ in ended(uri) }
    }
  }

  private func ended(_ uri: String) {
    guard case .ending(let waiting) = watches.removeValue(forKey: ByteString(uri)) else { return }
    for completion in waiting { watch(uri, completion) }
  }

  /// The session is not known any more.
  func forget() { watches = [:] }

  private func send(_ method: MCPMethod, _ uri: String, _ completion: @escaping (Bool) -> Void) {
    lastNumber += 1
    ask(method, uri, lastNumber, completion)
  }
}
