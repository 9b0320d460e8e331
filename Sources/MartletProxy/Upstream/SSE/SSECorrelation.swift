import MCPProtocol

/// Numbers the calls of this process; never the server's or a client's.
typealias SSECallNumber = UInt64

/// Tells which call a message of the server belongs to, on a wire where everything comes on one stream. Pure.
struct SSECorrelation {
  /// Where a message goes.
  enum Destination: Equatable {
    /// It is the response to that call.
    case answer(SSECallNumber)
    /// It goes on the stream of that call.
    case call(SSECallNumber)
    /// It goes on the stream that the client holds open for whatever belongs to no call.
    case listener
    /// There is nobody to hear it now.
    case nobody
    /// It belongs to one of several calls, and must not reach another.
    case unclear
    /// It answers nothing that was asked, or reports on what has ended.
    case stray
  }

  private struct Pending {
    let number: SSECallNumber
    let id: JSONRPCID
    let progressToken: JSONRPCID?
  }

  /// In the order of their arrival.
  private var pending: [Pending] = []
  /// Whether the client holds a stream open for what belongs to no call.
  var hasListener = false
  /// Whether the calls are those of several processes: then what can't be told from the message is never guessed.
  var isShared = false

  var count: Int { pending.count }

  /// A request is on its way.
  ///
  /// - Returns: Whether its id is free; two requests under one id could not be told apart (V-013).
  mutating func began(_ request: MCPRequest, as number: SSECallNumber) -> Bool {
    guard !pending.contains(where: { $0.id == request.id }) else { return false }
    pending.append(Pending(number: number, id: request.id, progressToken: request.progressToken))
    return true
  }

  /// The call that a request is answered to, as long as it is under way.
  func number(of id: JSONRPCID) -> SSECallNumber? { pending.first { $0.id == id }?.number }

  /// A call was answered, or nobody waits for it any more.
  mutating func ended(_ number: SSECallNumber) { pending.removeAll { $0.number == number } }

  func destination(of message: MCPMessage) -> Destination {
    switch message {
    case .response(let response):
      return pending.first { $0.id == response.id }.map { .answer($0.number) } ?? .stray
    case .notification(let notification) where notification.method == .progress:
      guard let token = notification.progressToken else { return .stray }
      // Never on another call's stream: it may be another process's.
      return pending.first { $0.progressToken == token }.map { .call($0.number) } ?? (hasListener ? .listener : .stray)
    case .notification(let notification) where Self.isAboutTheServer(notification.method):
      return hasListener ? .listener : oldest
    case .notification, .request:
      // What a server says while it works on one thing is about that.
      if pending.count == 1 { return oldest }
      if hasListener { return .listener }
      return isShared && !pending.isEmpty ? .unclear : oldest
    }
  }

  private var oldest: Destination { pending.first.map { .call($0.number) } ?? .nobody }

  private static func isAboutTheServer(_ method: MCPMethod) -> Bool {
    [.toolsListChanged, .promptsListChanged, .resourcesListChanged, .resourcesUpdated].contains(method)
  }
}
