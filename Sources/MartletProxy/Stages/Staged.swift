import NIOCore

/// What a stage answers: now, or when a store has answered.
enum Staged<Value: Sendable>: Sendable {
  case ready(Result<Value, Rejection>)
  case later(EventLoopFuture<Result<Value, Rejection>>)

  /// Goes on with the value once it is there.
  func map<Next: Sendable>(_ next: @escaping @Sendable (Value) -> Result<Next, Rejection>) -> Staged<Next> {
    switch self {
    case .ready(let result): .ready(result.flatMap(next))
    case .later(let future): .later(future.map { $0.flatMap(next) })
    }
  }

  /// Goes on with the value once it is there, with what may have to wait again.
  func then<Next: Sendable>(on eventLoop: any EventLoop, _ next: @escaping @Sendable (Value) -> Staged<Next>)
    -> Staged<Next>
  {
    switch self {
    case .ready(.success(let value)): return next(value)
    case .ready(.failure(let rejection)): return .ready(.failure(rejection))
    case .later(let future):
      return .later(
        future.flatMap { result in
          switch result {
          case .failure(let rejection): eventLoop.makeSucceededFuture(.failure(rejection))
          case .success(let value): next(value).future(on: eventLoop)
          }
        })
    }
  }

  private func future(on eventLoop: any EventLoop) -> EventLoopFuture<Result<Value, Rejection>> {
    switch self {
    case .ready(let result): eventLoop.makeSucceededFuture(result)
    case .later(let future): future
    }
  }
}
