/// How much dynamic registration may store.
public struct RegistrationQuota: Sendable, Hashable {
  /// How many clients may wait for their first use at once.
  public var unusedClients: Int
  /// How long a registration can't be pushed out by its own network; a real client uses its own within minutes.
  public var grace: Duration

  /// Describes a quota.
  public init(unusedClients: Int, grace: Duration = .seconds(600)) {
    self.unusedClients = unusedClients
    self.grace = grace
  }
}

/// How a registration went.
public enum ClientRegistrationOutcome: Sendable, Hashable {
  /// Stored.
  case created(RegisteredClient)
  /// A public client with the same fingerprint stood already; this is it (G7).
  case existing(RegisteredClient)
  /// Too many clients wait for their first use, and no network has more of them than the one that asks.
  case quotaExceeded
}

/// Keeps OAuth clients that are not in the configuration file.
public protocol ClientStore: Sendable {
  /// The client of that id.
  func client(_ id: ClientID) async throws(StoreError) -> RegisteredClient?

  /// Stores a client, or answers the one with the same fingerprint, in one step.
  ///
  /// A quota counts dynamic clients whose `firstUsedAt` is `nil`. When it is reached, the oldest of the network that has
  /// the most of them makes room, so a flood pushes out itself and nobody who comes from elsewhere is turned away. Where
  /// the client's own network is the one with the most (or one of them), its oldest goes only when it is older than the
  /// quota's grace; else `.quotaExceeded` is answered. Where a quota was lowered, up to 100 go at once. A taken id
  /// without an equal fingerprint replaces nothing and answers `.quotaExceeded`.
  func registerClient(_ client: RegisteredClient, quota: RegistrationQuota?) async throws(StoreError)
    -> ClientRegistrationOutcome

  /// Marks a client as used, so that it never expires. Does nothing when it was marked before.
  func noteClientUse(_ id: ClientID, at now: Timestamp) async throws(StoreError)

  /// Removes dynamic clients that were registered before a time and never used.
  ///
  /// - Returns: How many went.
  func removeNeverUsedClients(registeredBefore time: Timestamp) async throws(StoreError) -> Int

  /// Removes a client.
  ///
  /// - Returns: Whether it was there.
  func removeClient(_ id: ClientID) async throws(StoreError) -> Bool

  /// Every client, ordered by id.
  func clients() async throws(StoreError) -> [RegisteredClient]
}
