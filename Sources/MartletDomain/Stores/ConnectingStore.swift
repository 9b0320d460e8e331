/// Keeps what connecting an account needs between a click and the answer, and Martlet's registrations.
public protocol ConnectingStore: Sendable {
  /// Stores a departure and spends the ticket of the link that led to it, both or neither.
  ///
  /// - Parameters:
  ///   - pending: The departure.
  ///   - ticket: The ticket; `nil` where the user came without one.
  ///   - capacity: How many departures of a user are kept; the oldest go.
  /// - Returns: `false` where the ticket was spent before.
  func beginConnecting(
    _ pending: PendingConnection, spending ticket: ConnectTicket?, capacity: Int
  ) async throws(StoreError) -> Bool

  /// Takes a departure out, whoever asks: an answer is looked at once.
  ///
  /// - Returns: `nil` where there is none, or it has ended.
  func takePendingConnection(
    _ state: ArtefactDigest, at now: Timestamp
  ) async throws(StoreError) -> PendingConnection?

  /// Removes departures and tickets that have ended.
  func removeExpiredConnecting(at now: Timestamp) async throws(StoreError)

  /// Martlet's registrations for a server at an authorization server, newest first.
  func upstreamRegistrations(of route: RouteID, issuer: String) async throws(StoreError) -> [UpstreamRegistration]

  /// Adds a registration.
  func addUpstreamRegistration(_ registration: UpstreamRegistration) async throws(StoreError)

  /// Notes that an authorization server doesn't know a registration any more.
  func refuseUpstreamRegistration(
    of route: RouteID, issuer: String, clientID: String
  ) async throws(StoreError)
}
