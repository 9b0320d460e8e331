import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The operating system's resolver (`getaddrinfo`), run on a thread pool so that no event loop waits for it.
public struct SystemHostResolver: HostResolver {
  // Own threads, and others for names that strangers chose: their slow name servers must stop neither logins nor NIO's
  // shared pool.
  private static let strangersThreads = startedPool(threads: 8)
  private static let operatorsThreads = startedPool(threads: 2)

  private let group: any EventLoopGroup
  private let threads: NIOThreadPool

  /// A resolver for names that others chose.
  ///
  /// - Parameter group: Where waiting for the answer is timed.
  /// - Returns: The resolver.
  public static func guarded(group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) -> SystemHostResolver {
    SystemHostResolver(group: group, threads: strangersThreads)
  }

  /// A resolver for names from the configuration.
  ///
  /// - Parameter group: Where waiting for the answer is timed.
  /// - Returns: The resolver.
  public static func operatorConfigured(
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) -> SystemHostResolver {
    SystemHostResolver(group: group, threads: operatorsThreads)
  }

  private static func startedPool(threads: Int) -> NIOThreadPool {
    let pool = NIOThreadPool(numberOfThreads: threads)
    pool.start()
    return pool
  }

  /// Asks `getaddrinfo`; at the deadline the caller stops waiting, whatever the blocked thread does.
  public func addresses(of host: String, deadline: NIODeadline) async throws(FetchError) -> [IPAddress] {
    let promise = group.any().makePromise(of: [IPAddress].self)
    // The blocking call can't be interrupted: at the deadline its answer is abandoned instead.
    let timeout = promise.futureResult.eventLoop.scheduleTask(deadline: deadline) {
      promise.fail(FetchError.timedOut)
    }
    threads.submit { state in
      guard case .active = state, NIODeadline.now() < deadline else { return promise.fail(FetchError.timedOut) }
      promise.completeWith(Result { try Self.lookUp(host) })
    }
    defer { timeout.cancel() }
    do {
      return try await promise.futureResult.get()
    } catch let error as FetchError {
      throw error
    } catch {
      throw .unresolvable("resolver failed")
    }
  }

  private static func lookUp(_ host: String) throws(FetchError) -> [IPAddress] {
    var hints = addrinfo()
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var first: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &first)
    guard code == 0 else { throw .unresolvable("getaddrinfo \(code)") }
    defer { freeaddrinfo(first) }
    var found: [IPAddress] = []
    var next = first
    while let entry = next {
      if let address = address(of: entry.pointee), !found.contains(address) { found.append(address) }
      next = entry.pointee.ai_next
    }
    guard !found.isEmpty else { throw .unresolvable("no address") }
    return found
  }

  private static func address(of entry: addrinfo) -> IPAddress? {
    guard let raw = UnsafeRawPointer(entry.ai_addr) else { return nil }
    switch entry.ai_family {
    case AF_INET:
      guard Int(entry.ai_addrlen) >= MemoryLayout<sockaddr_in>.size else { return nil }
      return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in.self).sin_addr) { IPAddress(bytes: Array($0)) }
    case AF_INET6:
      guard Int(entry.ai_addrlen) >= MemoryLayout<sockaddr_in6>.size else { return nil }
      return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { IPAddress(bytes: Array($0)) }
    default:
      return nil
    }
  }
}
