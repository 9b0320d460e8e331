import NIOCore

/// Finds the addresses of a host name.
public protocol HostResolver: Sendable {
  /// Resolves `host`; nothing is cached here, so that a repaired name server helps at once.
  ///
  /// - Parameters:
  ///   - host: An ASCII host name.
  ///   - deadline: When the caller stops waiting.
  /// - Returns: At least one address, in the order of preference.
  /// - Throws: `.unresolvable` or `.timedOut`.
  func addresses(of host: String, deadline: NIODeadline) async throws(FetchError) -> [IPAddress]
}
