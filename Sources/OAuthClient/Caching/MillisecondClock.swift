/// The present as milliseconds since 1970, injected so that tests need not wait.
public typealias MillisecondClock = @Sendable () -> Int64
