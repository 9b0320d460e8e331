#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Tells the time of day. Injected, so that tests choose it.
public protocol WallClock: Sendable {
  /// The time now.
  func now() -> Timestamp
}

/// The machine's clock.
public struct SystemClock: WallClock {
  /// Makes the machine's clock.
  public init() {}

  /// The time now.
  public func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

/// Gives random bytes fit for keys and tokens. Injected, so that tests can repeat themselves.
public protocol RandomSource: Sendable {
  /// Unpredictable bytes.
  ///
  /// - Parameter count: How many bytes.
  func bytes(_ count: Int) -> [UInt8]
}

/// The system's cryptographic generator.
public struct SystemRandom: RandomSource {
  /// Makes the system's generator.
  public init() {}

  /// Unpredictable bytes.
  public func bytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      // Each number is one call of the kernel.
      while filled < count {
        withUnsafeBytes(of: generator.next()) { number in
          for byte in number.prefix(count - filled) {
            buffer[filled] = byte
            filled += 1
          }
        }
      }
    }
  }
}
