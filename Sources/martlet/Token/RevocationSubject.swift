import MartletDomain
import MartletServer
import OAuthProtocol
import StrictCoding

/// What an operator named, as something that can be revoked.
struct RevocationSubject {
  let target: RevocationTarget
  let words: String
  var tenant: TenantID?
  var subject: String?
  var client: ClientID?

  init(client: String) {
    target = .client(ClientID(client))
    words = "every token of the client \(PlainText.sanitized(client))"
    self.client = ClientID(client)
  }

  init(user name: String, _ installation: Installation) async throws {
    var found = try await installation.store.account(named: name)
    if found == nil, let folded = Self.folded(name) {
      found = try await installation.store.account(named: folded)
    }
    if found == nil { found = try await installation.store.user(UserID(name)) }
    guard let user = found else {
      throw CommandFailure(
        "there is no user \(PlainText.sanitized(name))", advice: "`martlet user list` shows all of them.")
    }
    target = .user(user.tenant, user.id)
    words = "every token of the user \(user.accountName ?? user.id.string)"
    tenant = user.tenant
    subject = user.id.string
  }

  /// A refresh token is found by its hash, an access token must be signed by one of our published keys.
  init(token: ByteString, _ installation: Installation) async throws {
    if let digest = ArtefactKind.refreshToken.digest(token.bytes) {
      guard let known = try await installation.store.refreshToken(digest) else { throw Self.unknown }
      target = .grant(known.family.grant)
      words = "the grant of this refresh token, with its access tokens"
      tenant = known.family.tenant
      subject = known.family.user.string
      client = known.family.client
      return
    }
    guard let parsed = try? JSONWebSignature(compact: token.bytes), parsed.hasType("at+jwt"),
      let id = parsed.claims.tokenID
    else { throw Self.unknown }
    try await installation.signingKeys.load()
    guard case .json(let document) = installation.signingKeys.jwks().body,
      let keys = try? JSONWebKeySet(parsing: document),
      keys.candidates(for: parsed).contains(where: { ES256.verify(parsed, key: $0) })
    else { throw Self.unknown }
    target = .accessToken(ByteString(id))
    words = "this access token"
    tenant = parsed.claims.string("tenant").map { TenantID($0) }
    subject = parsed.claims.subject
    client = parsed.claims.string("client_id").map { ClientID($0) }
  }

  private static let unknown = CommandFailure(
    "this is no token of this installation, or its signing key has retired",
    advice: "Check --config or --data-dir; to be safe, revoke by --user or --client.")

  private static func folded(_ name: String) -> String? {
    ByteString(ASCIICase.lowercased(name.utf8)).string
  }
}
