import MartletDomain
import OAuthProtocol
import StrictCoding

/// Finds clients in the configuration, then in the store, then in the document that their id points to.
///
/// A client that is described by a document is never stored: each look-up asks the document cache again, so that what
/// the owner changes takes effect (V-094).
public struct StoredClientDirectory: ClientDirectory {
  /// Longer ids aren't looked up at all.
  private static let longestID = 2048

  private let settings: @Sendable () -> AuthorizationServerSettings
  private let store: any ClientStore
  private let documents: any ClientDocumentSource
  private let clock: any WallClock

  /// Assembles the directory.
  ///
  /// - Parameters:
  ///   - settings: Gives the configuration snapshot of this instant.
  ///   - store: Clients that registered or were added.
  ///   - documents: Clients that are known by URL.
  ///   - clock: Tells the time.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, store: any ClientStore,
    documents: any ClientDocumentSource, clock: any WallClock
  ) {
    self.settings = settings
    self.store = store
    self.documents = documents
    self.clock = clock
  }

  /// The client of that id.
  ///
  /// - Throws: `ClientLookupError`.
  public func client(_ id: ClientID) async throws(ClientLookupError) -> RegisteredClient {
    let settings = settings()
    guard id.value.bytes.count <= Self.longestID, let text = id.value.validatedString, !text.isEmpty else {
      throw .unknown(reason: "malformed id")
    }
    if let client = settings.clients[id] { return client }
    if let client = try await stored(id) { return client }
    guard settings.registration.acceptsMetadataDocuments else { throw .unknown(reason: "not registered") }
    guard let url = try? ClientIDMetadataURL(parsing: text) else { throw .unknown(reason: "not registered") }
    return try described(try await documents.clientDocument(for: url), as: id, settings)
  }

  private func stored(_ id: ClientID) async throws(ClientLookupError) -> RegisteredClient? {
    do {
      return try await store.client(id)
    } catch {
      throw .unavailable(reason: "store: \(error)")
    }
  }

  private func described(
    _ document: ClientMetadataDocument, as id: ClientID, _ settings: AuthorizationServerSettings
  ) throws(ClientLookupError) -> RegisteredClient {
    let metadata = document.metadata
    let redirectURIs: [RedirectURI]
    do {
      redirectURIs = try RedirectURIAdmission(settings).admitted(of: metadata)
    } catch {
      throw .unknown(reason: "document: \(error.reason ?? error.description)")
    }
    return RegisteredClient(
      id: id, origin: .metadataDocument, name: metadata.clientName ?? document.clientID.host,
      redirectURIs: redirectURIs, grantTypes: [.authorizationCode, .refreshToken],
      authenticationMethod: metadata.tokenEndpointAuthMethod ?? .none,
      keySet: metadata.jwks.map { JSONWriter.write($0.json()) }, keySetURI: metadata.jwksURI, createdAt: clock.now())
  }
}
