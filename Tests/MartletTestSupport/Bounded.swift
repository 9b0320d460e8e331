import Synchronization

/// What ends a wait that would otherwise never end.
public struct NotDoneInTime: Error {}

/// Waits for some work, but not for ever: a test of broken code fails then, instead of standing still.
///
/// The work goes on by itself where it doesn't end in time.
///
/// - Parameters:
///   - limit: How long to wait; generous, since machines may be busy.
///   - work: The work.
/// - Throws: What the work throws, or `NotDoneInTime`.
public func bounded<Value: Sendable>(
  _ limit: Duration = .seconds(30), _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withUnsafeThrowingContinuation { continuation in
    let once = Once(continuation)
    Task { once.resume(await Result { try await work() }) }
    Task {
      try? await Task.sleep(for: limit)
      once.resume(.failure(NotDoneInTime()))
    }
  }
}

/// A continuation that takes the first of several results.
private final class Once<Value: Sendable>: Sendable {
  private let continuation: Mutex<UnsafeContinuation<Value, any Error>?>

  init(_ continuation: UnsafeContinuation<Value, any Error>) { self.continuation = Mutex(continuation) }

  func resume(_ result: Result<Value, any Error>) {
    let first = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    first?.resume(with: result)
  }
}

extension Result where Failure == any Error, Success: Sendable {
  fileprivate init(_ work: @Sendable () async throws -> Success) async {
    do { self = .success(try await work()) } catch { self = .failure(error) }
  }
}
