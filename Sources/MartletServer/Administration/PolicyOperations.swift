import MartletDomain
import StrictCoding

/// The policy in force, and what another one would change, in the admin API.
struct PolicyOperations: Sendable {
  let on: AdminDependencies

  private static let verdict = APISchema(
    "PolicyVerdict",
    [
      "allowed": "boolean", "effect": "string", "rule": "string?", "otherwise": "string?",
      "engine_decides_too": "boolean", "rules": "array",
    ],
    nested: [
      "rules": [
        "type": "array",
        "items": APISchema("Rule", ["name": "string", "effect": "string", "standing": "string"]).json,
      ]
    ])
  private static let change = APISchema(
    "PolicyChange",
    [
      "calls": "integer", "user": "string", "client": "string", "server": "string", "method": "string",
      "target": "string", "was": "string", "becomes": "[string]",
    ])
  private static let replay = APISchema(
    "PolicyReplay", ["calls": "integer", "changed": "array", "unclear": "array"],
    nested: [
      "changed": ["type": "array", "items": change.json], "unclear": ["type": "array", "items": change.json],
    ])
  private static let check = APISchema(
    "PolicyCheck",
    ["valid": "boolean", "problems": "[string]", "rules": "integer", "default": "string", "replay": "object"],
    nested: ["replay": replay.orNull])

  var all: [APIOperation] { [explain, checkProposed] }

  private var explain: APIOperation {
    APIOperation(
      "policy.explain", "POST", "/api/policy/explain",
      "Says whether a call would be allowed now, by which rule, and why not by the others.", roles: APIRole.changing,
      body: [
        APIField("user", .text(256), "Who calls: a name or an id."),
        APIField("client", .text(2048), "Through which client; or the client that calls for itself."),
        APIField("server", .text(64), required: true, "The server."),
        APIField("tool", .text(256), required: true, "The tool."),
        APIField("arguments", .object, "Its arguments."),
        APIField("annotations", .object, "What the tool says of itself."),
        APIField(
          "tenant", .text(64), "The tenant of a client that calls for itself; the caller's, or default, without."),
      ], needs: .any(["user", "client"]), Self.verdict
    ) { request in
      var inquiry = PolicyInquiry(server: ServerName(request.text("server") ?? ""), tool: request.text("tool") ?? "")
      inquiry.tenant = try request.ownTenant()
      if let name = request.text("user") {
        guard let user = try await on.user(name, for: request.caller) else { throw APIProblem.notFound }
        inquiry.user = user
      }
      inquiry.client = request.text("client").map { ClientID($0) }
      inquiry.arguments = request.object("arguments")?.objectValue
      inquiry.annotations = request.object("annotations")
      return APIAnswer(
        200, Self.json(inquiry.answer(under: on.configuration, at: on.installation.clock.now())))
    }
  }

  private static func json(_ answer: PolicyInquiry.Answer) -> JSONValue {
    [
      "allowed": .bool(answer.isAllowed), "effect": .string(answer.effect),
      "rule": answer.rule.map { .string($0) } ?? .null, "otherwise": answer.otherwise.map { .string($0) } ?? .null,
      "engine_decides_too": .bool(answer.leavesToEngine),
      "rules": .array(
        answer.rules.map {
          ["name": .string($0.name), "effect": .string($0.effect), "standing": .string($0.standing)]
        }),
    ]
  }

  private var checkProposed: APIOperation {
    APIOperation(
      "policy.check", "POST", "/api/policy/check",
      "Says whether a policy would be valid, and what the last recorded calls would become under it. Changes nothing.",
      roles: APIRole.installation,
      body: [
        APIField(
          "policy", .object, "What stands under policy in the configuration, as JSON; the one in force without it."),
        APIField("replay", .count(1...20_000), "Decide so many recorded calls anew."),
      ], Self.check
    ) { request in
      var configuration = on.configuration
      if let proposed = request.object("policy") {
        do throws(ConfigurationProblems) { configuration.policy = try configuration.policy(proposed: proposed) } catch {
          return APIAnswer(200, Self.json(configuration, problems: error.problems.map(\.description), nil))
        }
      }
      var report: PolicyReplay.Report?
      if let calls = request.count("replay") {
        report = try await PolicyReplay(on.installation, configuration).run(last: calls)
      }
      return APIAnswer(200, Self.json(configuration, problems: [], report))
    }
  }

  private static func json(_ configuration: Configuration, problems: [String], _ report: PolicyReplay.Report?)
    -> JSONValue
  {
    let summary = problems.isEmpty ? configuration.policySummary : nil
    return [
      "valid": .bool(problems.isEmpty), "problems": .array(problems.map { .string($0) }),
      "rules": .integer(Int64(summary?.rules ?? 0)),
      "default": .string(summary?.isAllowedByDefault ?? problems.isEmpty ? "allow" : "deny"),
      "replay": report?.json ?? .null,
    ]
  }
}
