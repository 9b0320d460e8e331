import MartletDomain

/// What the store says of a connection right now.
enum CredentialReading: Sendable {
  /// It may be used.
  case usable(UpstreamAccess, UpstreamConnection)
  /// Its access token has ended; it can be refreshed.
  case stale(UpstreamConnection)
  /// Only its owner can help.
  case ownerNeeded(ConnectionReason?)
  /// The store doesn't say, or what it says can't be opened.
  case unknown
}

/// Reads credentials from the store.
struct CredentialReader: Sendable {
  let store: any ConnectionStore
  let seal: CredentialSeal
  let clock: any WallClock
  let ownAccounts: OwnAccounts?
  let settings: @Sendable () -> VaultSettings?

  func read(_ key: ConnectionKey) async -> CredentialReading {
    let found: UpstreamConnection?
    do {
      let stored = try await store.connection(key)
      found = try await ownAccounts?.connection(key, stored: stored) ?? stored
    } catch {
      return .unknown
    }
    let server = settings()?.server(key.route)
    guard let connection = found, server?.takes(connection) ?? true else {
      return .ownerNeeded(nil)
    }
    guard connection.ledger.isUsable else { return .ownerNeeded(connection.ledger.reason) }
    if let end = RefreshTiming.usableUntil(connection), end <= clock.now() {
      guard connection.ledger.isRefreshable else { return .ownerNeeded(.notRefreshable) }
      return server?.hasLostClient(of: connection) == true ? .ownerNeeded(.clientRefused) : .stale(connection)
    }
    guard let tokens = try? await seal.open(connection) else { return .unknown }
    let access = UpstreamAccess(
      token: tokens.accessToken, version: connection.ledger.version, isEntered: connection.isEntered,
      isDoubted: connection.ledger.reason == .rejected)
    return .usable(access, connection)
  }
}
