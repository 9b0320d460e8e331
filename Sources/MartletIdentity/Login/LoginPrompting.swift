import MartletDomain

/// Tells who waits for a login. The authorization server knows; wiring connects the two.
public protocol LoginPrompting: Sendable {
  /// What waits for this transaction.
  ///
  /// - Parameters:
  ///   - transaction: As the browser named it; not trusted.
  ///   - browser: The browser that asks.
  /// - Returns: `nil` if the transaction is unknown, has ended or began in another browser.
  /// - Throws: `StoreError`.
  func awaitedLogin(for transaction: TransactionID, browser: ArtefactDigest) async throws(StoreError) -> AwaitedLogin?
}

/// A transaction that waits for its user.
public struct AwaitedLogin: Sendable, Hashable {
  /// What the login page shows.
  public let prompt: LoginPrompt
  /// The flow in the trail.
  public let flow: FlowID?
  /// The client that waits.
  public let client: ClientID?

  /// Describes a transaction.
  public init(prompt: LoginPrompt, flow: FlowID? = nil, client: ClientID? = nil) {
    self.prompt = prompt
    self.flow = flow
    self.client = client
  }
}
