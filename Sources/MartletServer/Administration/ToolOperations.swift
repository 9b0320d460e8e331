import MartletDomain
import StrictCoding

/// Pinned tools in the admin API.
struct ToolOperations: Sendable {
  let on: AdminDependencies

  private static let tool = APISchema(
    "Tool",
    ["server": "string", "tool": "string", "tenant": "string", "trusted": "string?", "changed": "string?"])

  var all: [APIOperation] { [list, accept] }

  private var trust: ToolTrust { ToolTrust(on.installation) }

  private var list: APIOperation {
    APIOperation(
      "tools.list", "GET", "/api/tools",
      "Lists a tenant's pinned tools by the digests of their definitions; `changed` is held back until it is accepted.",
      roles: APIRole.reading, query: APIPage.fields + [Self.tenant], APISchema(listOf: Self.tool, as: "tools")
    ) { request in
      let page = try APIPage(request, of: "tools", on.installation.sealer)
      let pins = try await trust.pins(of: try request.ownTenant())
      return page.answer(pins, as: "tools", id: Self.id, Self.json)
    }
  }

  private var accept: APIOperation {
    APIOperation(
      "tools.accept", "POST", "/api/tools/accept",
      "Trusts what a tool has changed into; calls of it go on within two seconds.", roles: APIRole.changing,
      body: [
        APIField("server", .text(64), required: true, "The server."),
        APIField("tool", .text(256), required: true, "The tool."), Self.tenant,
      ], Self.tool
    ) { request in
      let tenant = try request.ownTenant()
      let (server, tool) = (ServerName(request.text("server") ?? ""), ByteString(request.text("tool") ?? ""))
      guard try await trust.accept(tool, at: server, for: tenant, by: request.asker),
        let pin = try await trust.pins(of: tenant).first(where: { $0.route.server == server && $0.tool == tool })
      else { throw APIProblem.notFound }
      return APIAnswer(200, Self.json(pin))
    }
  }

  private static let tenant = APIField("tenant", .text(64), "Whose trust; the caller's, or default, without it.")

  private static func id(_ pin: ToolPin) -> ByteString {
    ByteString(pin.route.server.value.bytes + [0] + pin.tool.bytes)
  }

  private static func json(_ pin: ToolPin) -> JSONValue {
    var members = pin.json
    members["tenant"] = .string(pin.tenant.string)
    return .object(members)
  }
}
