import NIOCore
import OAuthProtocol
import Synchronization

@testable import OAuthClient

/// Answers every name by a closure that is told how often it was asked.
final class ScriptedResolver: HostResolver, Sendable {
  private let asked = Mutex(0)
  private let answer: @Sendable (Int, String) throws(FetchError) -> [IPAddress]

  init(_ answer: @escaping @Sendable (Int, String) throws(FetchError) -> [IPAddress]) { self.answer = answer }

  var count: Int { asked.withLock { $0 } }

  func addresses(of host: String, deadline: NIODeadline) async throws(FetchError) -> [IPAddress] {
    let turn = asked.withLock { (count: inout Int) -> Int in
      count += 1
      return count
    }
    return try answer(turn, host)
  }
}

/// Connects nowhere and remembers where it was told to.
final class RecordingConnector: HTTPConnector, Sendable {
  private let storage = Mutex<[IPAddress]>([])
  var addresses: [IPAddress] { storage.withLock { $0 } }

  func exchange(_ request: ConnectionRequest, at address: IPAddress) async throws(ExchangeError) -> FetchedDocument {
    storage.withLock { $0.append(address) }
    return FetchedDocument(status: 200, headers: [], body: [])
  }
}

/// Answers requests by a closure and remembers them; nothing leaves the process.
final class ScriptedFetcher: DocumentFetching, Sendable {
  struct Request: Sendable {
    let method: String
    let url: String
    let form: [UInt8]
    let headers: [(name: String, value: String)]
  }

  private let log = Mutex<[Request]>([])
  private let answer: @Sendable (Request, Int) async throws(FetchError) -> FetchedDocument

  init(_ answer: @escaping @Sendable (Request, Int) async throws(FetchError) -> FetchedDocument) {
    self.answer = answer
  }

  var requests: [Request] { log.withLock { $0 } }

  func get(_ url: AbsoluteURL, accept: String, limits: FetchLimits) async throws(FetchError) -> FetchedDocument {
    try await perform(Request(method: "GET", url: url.string, form: [], headers: []))
  }

  func post(
    _ url: AbsoluteURL, body: RequestBody, headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    try await perform(Request(method: "POST", url: url.string, form: body.bytes, headers: headers))
  }

  private func perform(_ request: Request) async throws(FetchError) -> FetchedDocument {
    let turn = log.withLock { (requests: inout [Request]) -> Int in
      requests.append(request)
      return requests.count
    }
    return try await answer(request, turn)
  }
}

extension FetchedDocument {
  static func json(_ text: String, status: Int = 200, headers: [(name: String, value: String)] = []) -> FetchedDocument
  {
    FetchedDocument(
      status: status, headers: [(name: "Content-Type", value: "application/json")] + headers, body: Array(text.utf8))
  }
}

/// A clock that stands until it is set.
final class StandingClock: Sendable {
  private let time: Mutex<Int64>
  init(_ start: Int64 = 1_800_000_000_000) { time = Mutex(start) }
  var now: Int64 { time.withLock { $0 } }
  func advance(seconds: Int64) { time.withLock { $0 += seconds * 1000 } }
  var closure: @Sendable () -> Int64 { { self.now } }
}

/// Holds callers back until it is opened.
actor Gate {
  private(set) var isOpen = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  func wait() async {
    if !isOpen { await withCheckedContinuation { waiters.append($0) } }
  }

  func open() {
    isOpen = true
    for waiter in waiters { waiter.resume() }
    waiters = []
  }
}
