import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Logins that are away at a provider: one `state` each, bound to browser, provider and issuer, used once, ten minutes
/// (N-07).
struct FederatedLogins: Sendable {
  static let lifetime: Duration = .seconds(600)
  /// How many are kept.
  static let capacity = 10_000

  let store: any LoginSessionStore
  let sealer: Sealer
  let clock: any WallClock
  let random: any RandomSource

  /// A departure with everything that is random about it; nothing is stored yet.
  func prepare(redirectURI: String) -> (departure: ProviderDeparture, verifier: CodeVerifier)? {
    guard let verifier = CodeVerifier(random: random.bytes(32)) else { return nil }
    let departure = ProviderDeparture(
      state: ArtefactKind.federationState.mint(random), nonce: Base64URL.encode(random.bytes(32)),
      challenge: CodeChallenge(verifier), redirectURI: redirectURI)
    return (departure, verifier)
  }

  func begin(
    _ departure: ProviderDeparture, verifier: CodeVerifier, provider: String, issuer: ByteString,
    visit: LoginVisit, transaction: TransactionID?
  ) async throws(StoreError) {
    let state = ArtefactKind.federationState.digest(departure.state)
    guard let sealed = try? sealer.seal(verifier.value.bytes, in: Self.place(state, issuer)) else {
      throw .unavailable("sealing failed")
    }
    let now = clock.now()
    let network = SourceNetwork(customerAt: visit.request.address)
    try await store.beginFederatedLogin(
      FederatedLogin(
        state: state, provider: provider, browser: visit.browser, transaction: transaction, nonce: departure.nonce,
        sealedVerifier: sealed, expiresAt: now + Self.lifetime, network: NetworkPrefix(bytes: network.prefix.bytes)),
      capacity: Self.capacity, at: now)
  }

  /// Takes a login out by the `state` that came back; whoever brings it, it is spent.
  func take(state: String) async throws(StoreError) -> FederatedLogin? {
    guard let digest = ArtefactKind.federationState.digest(state.utf8) else { return nil }
    return try await store.consumeFederatedLogin(digest, at: clock.now())
  }

  /// The PKCE verifier, which opens only under the issuer that the browser was sent to: a provider whose issuer changed
  /// in the configuration meanwhile never sees the other's code (V-071).
  func verifier(of login: FederatedLogin, issuer: ByteString) -> CodeVerifier? {
    guard let bytes = try? sealer.open(login.sealedVerifier, in: Self.place(login.state, issuer)) else { return nil }
    return try? CodeVerifier(ByteString(bytes).string)
  }

  private static func place(_ state: ArtefactDigest, _ issuer: ByteString) -> SealContext {
    SealContext(tenant: .default, record: "federated_login", id: state.bytes + issuer.bytes, column: "verifier")
  }
}
