import MartletDomain

/// Why a client could not be told.
public enum ClientLookupError: Error, Sendable, Equatable {
  /// There is no such client, or its document says that it isn't one: `invalid_client`.
  case unknown(reason: String)
  /// Its document or our store can't be reached right now: 503, never `invalid_client`.
  case unavailable(reason: String)
}

/// Finds a client by its id: configuration first, then the store, then the document that the id points to.
public protocol ClientDirectory: Sendable {
  /// The client of that id.
  ///
  /// - Parameter id: As presented; nothing about it is trusted.
  /// - Throws: `ClientLookupError`; the reason is for the audit trail only, since all unknown clients look alike
  ///   outside (V-094).
  func client(_ id: ClientID) async throws(ClientLookupError) -> RegisteredClient
}
