import MartletDomain
import StrictCoding

/// Signing keys in the admin API.
struct SigningKeyOperations: Sendable {
  let on: AdminDependencies

  private static let signingKey = APISchema(
    "SigningKey",
    ["kid": "string", "use": "string", "created_at": "time", "activates_at": "time", "retires_at": "time?"])
  private static let newKey = APISchema("NewSigningKey", ["kid": "string", "use": "string"])

  var all: [APIOperation] { [keys, rotate] }

  private var keys: APIOperation {
    APIOperation(
      "signing_keys.list", "GET", "/api/signing-keys",
      "Every key that is published at /jwks, without its private part.",
      roles: [.admin, .auditor], query: APIPage.fields, APISchema(listOf: Self.signingKey, as: "signing_keys")
    ) { request in
      let page = try APIPage(request, of: "signing_keys", on.installation.sealer)
      let found = try await on.installation.store.signingKeys(at: on.installation.clock.now())
      return page.answer(found, as: "signing_keys", id: { ByteString($0.id) }) { key in
        [
          "kid": .string(key.id), "use": .string(key.use.rawValue), "created_at": .string(key.createdAt.text),
          "activates_at": .string(key.activatesAt.text),
          "retires_at": key.retiresAt.map { .string($0.text) } ?? .null,
        ]
      }
    }
  }

  private var rotate: APIOperation {
    APIOperation(
      "signing_keys.rotate", "POST", "/api/signing-keys/rotate",
      "Adds a signing key; no valid token is refused because of it.", roles: APIRole.installation,
      body: [
        APIField("use", .choice(SigningKeyUse.allCases.map(\.rawValue)), "What it signs; access_token without it.")
      ], answers: 201, Self.newKey
    ) { request in
      let use = request.text("use").flatMap { SigningKeyUse(rawValue: $0) } ?? .accessToken
      let key = try await on.installation.rotateSigningKey(use, by: request.asker)
      return APIAnswer(201, ["kid": .string(key), "use": .string(use.rawValue)])
    }
  }
}
