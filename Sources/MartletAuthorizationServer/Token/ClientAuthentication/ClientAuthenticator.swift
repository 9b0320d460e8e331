import MartletDomain
import OAuthProtocol
import StrictCoding

/// Finds out which client is calling, by the method that it registered and no other (V-050j, N-10).
///
/// Conforms to: RFC 6749 §2.3, §3.2.1; RFC 7523 §3; OpenID Connect Core §9.
struct ClientAuthenticator: Sendable {
  private let directory: any ClientDirectory
  private let assertions: ClientAssertionVerifier

  init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, clients: any ClientDirectory,
    clientKeys: any ClientKeys, store: any AuthorizationStore
  ) {
    directory = clients
    assertions = ClientAssertionVerifier(settings: settings, keys: clientKeys, store: store)
  }

  /// The client, authenticated; a public client is only named.
  ///
  /// - Throws: `invalid_client` when it isn't known or doesn't prove itself, in the same words for both;
  ///   `temporarily_unavailable` when that can't be told right now (T7).
  func authenticate(_ form: EndpointForm, at now: Timestamp) async throws(OAuthError) -> RegisteredClient {
    switch try PresentedCredentials(form) {
    case .none(let id):
      return try await client(id, using: .none)
    case .post(let id, let secret):
      let client = try await client(id, using: .clientSecretPost)
      try Self.check(secret.expose(), of: client)
      return client
    case .basic(let readings, let name):
      return try await client(readings, named: name)
    case .assertion(let token, let id):
      let client = try await client(id, using: .privateKeyJWT)
      try await assertions.verify(token, of: client, at: now)
      return client
    }
  }

  /// The form-decoded reading first, then the raw one; both mean the same for most credentials.
  private func client(
    _ readings: [BasicCredentials.Reading], named name: ClientID?
  ) async throws(OAuthError) -> RegisteredClient {
    var failure = Self.failure("no reading of the credentials fits")
    for reading in readings where name == nil || name?.value == reading.user {
      do {
        let client = try await client(ClientID(reading.user), using: .clientSecretBasic)
        try Self.check(reading.password.bytes, of: client)
        return client
      } catch {
        guard error.code == .invalidClient else { throw error }
        failure = error
      }
    }
    throw failure
  }

  private func client(
    _ id: ClientID, using method: ClientAuthenticationMethod
  ) async throws(OAuthError) -> RegisteredClient {
    let client: RegisteredClient
    do {
      client = try await directory.client(id)
    } catch {
      switch error {
      case .unknown(let reason): throw Self.failure("unknown client: \(reason)")
      case .unavailable(let reason): throw OAuthError.unavailable("client: \(reason)")
      }
    }
    guard client.authenticationMethod == method else {
      throw Self.failure("\(method.rawValue) was presented, \(client.authenticationMethod.rawValue) is registered")
    }
    return client
  }

  private static func check(_ secret: [UInt8], of client: RegisteredClient) throws(OAuthError) {
    let presented = ArtefactDigest(clientSecret: secret).bytes
    let matches = client.secretDigests.contains { known in
      known.bytes.count == presented.count && zip(known.bytes, presented).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
    guard !secret.isEmpty, matches else { throw failure("wrong secret") }
  }

  static func failure(_ reason: String) -> OAuthError {
    OAuthError(.invalidClient, "client authentication failed", reason: reason)
  }
}
