import MartletDomain
import MartletServer
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
    let user = try await installation.knownUser(name)
    target = .user(user.tenant, user.id)
    words = "every token of the user \(user.accountName ?? user.id.string)"
    tenant = user.tenant
    subject = user.id.string
  }

  init(token: ByteString, _ installation: Installation) async throws {
    guard let found = try await TokenTarget.find(token, in: installation) else { throw Self.unknown }
    target = found.target
    words = found.words
    tenant = found.tenant
    subject = found.subject
    client = found.client
  }

  private static let unknown = CommandFailure(
    "this is no token of this installation, or its signing key has retired",
    advice: "Check --config or --data-dir; to be safe, revoke by --user or --client.")
}
