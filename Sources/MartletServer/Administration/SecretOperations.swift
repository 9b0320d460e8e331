import MartletDomain
import StrictCoding

/// The keys that seal credentials and other secrets, in the admin API: their names, never the keys.
struct SecretOperations: Sendable {
  let on: AdminDependencies

  private static let uses: JSONValue = [
    "type": "array",
    "items": APISchema("SealedUse", ["kind": "string", "key": "string", "count": "integer", "ends_at": "time?"]).json,
  ]
  private static let status = APISchema(
    "SecretStatus", ["rotation": "object", "keys": "array", "lost": "array"],
    nested: [
      "rotation": APISchema(
        "SecretRotation", ["begun_at": "time", "master_key": "boolean", "data_keys": "boolean"]
      ).orNull,
      "keys": [
        "type": "array",
        "items": APISchema(
          "SealingKey",
          [
            "kind": "string", "tenant": "string?", "key": "string", "created_at": "time?", "in_use": "boolean",
            "seals": "array",
          ], nested: ["seals": uses]
        ).json,
      ], "lost": uses,
    ])
  private static let parts = ["master-key", "data-keys"]

  var all: [APIOperation] { [show, rotate] }

  private var show: APIOperation {
    APIOperation(
      "secrets.status", "GET", "/api/secrets", "Which keys there are, and how much is sealed under each.",
      roles: [.admin, .auditor], Self.status
    ) { request in
      try request.concernsAll("Keys")
      return try await answer(200)
    }
  }

  private var rotate: APIOperation {
    APIOperation(
      "secrets.rotate", "POST", "/api/secrets/rotate",
      "Begins to replace the master key and every tenant's data key, or goes on with what was begun; nothing stops for it.",
      roles: APIRole.installation, body: [APIField("only", .choice(Self.parts), "One of the two; both without it.")],
      answers: 202, Self.status
    ) { request in
      let only = request.text("only").flatMap { text in Self.parts.firstIndex { $0.equalsBytewise(text) } }
      let scope = SecretRotation.Scope(masterKey: only != 1, dataKeys: only != 0)
      do { try await SecretRotation(on.installation, by: request.asker).begin(scope) } catch let error
        as InstallationError
      {
        throw APIProblem.conflict("\(error)")
      }
      return try await answer(202)
    }
  }

  private func answer(_ status: Int) async throws -> APIAnswer {
    APIAnswer(status, .object(try await SecretStatus(on.installation).json))
  }
}
