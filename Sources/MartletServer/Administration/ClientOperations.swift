import MartletDomain
import MartletIdentity
import OAuthProtocol
import StrictCoding

/// OAuth clients in the admin API.
struct ClientOperations: Sendable {
  let on: AdminDependencies

  private static let client = APISchema(
    "Client",
    [
      "client_id": "string", "name": "string", "origin": "string", "token_endpoint_auth_method": "string",
      "grant_types": "[string]", "redirect_uris": "[string]", "servers": "[string]?", "tenant": "string",
      "created_at": "time?", "first_used_at": "time?", "client_secret": "string",
    ], optional: ["client_secret"])

  var all: [APIOperation] { [list, add, remove] }

  private var list: APIOperation {
    APIOperation(
      "clients.list", "GET", "/api/clients",
      "Lists clients of the file, added ones, and those that registered themselves.",
      roles: APIRole.reading, query: APIPage.fields, APISchema(listOf: Self.client, as: "clients")
    ) { request in
      let page = try APIPage(request, of: "clients", on.installation.sealer)
      let stored = try await on.installation.store.clients()
      let clients = (on.configuration.clients + stored).filter { request.caller.sees($0.tenant) }
      return page.answer(clients, as: "clients", id: \.id.value) { .object(ClientJSON.object($0)) }
    }
  }

  private var add: APIOperation {
    APIOperation(
      "clients.add", "POST", "/api/clients", "Makes a client; a secret is shown this once.", roles: APIRole.changing,
      body: [
        APIField("name", .text(100), required: true, "What people see when they are asked for consent."),
        APIField("redirect_uris", .texts(2048), "Where answers may go; on loopback addresses any port fits."),
        APIField(
          "grants", .choices(GrantType.forOperators.map(\.rawValue)), "What it redeems; the first two without it."),
        APIField(
          "auth", .choice(ClientAuthenticationMethod.allCases.map(\.rawValue)),
          "How it proves itself; what fits without it."),
        APIField("jwks", .object, "Its public keys, a JSON Web Key Set, for private_key_jwt."),
        APIField("servers", .texts(64), "The servers that it may reach; all without it."),
        APIField("tenant", .word(.tenant), "The tenant that it acts in with client_credentials; default without it."),
      ], needs: .any(["redirect_uris", "grants"]), answers: 201, Self.client
    ) { request in
      guard let (client, secret) = try await order(request).make(in: on.installation, by: request.caller.subject) else {
        throw APIProblem.unavailable
      }
      var answer = ClientJSON.object(client)
      // The one place where it leaves the process.
      answer["client_secret"] = secret.map { .string(ByteString($0.expose()).string) }
      return APIAnswer(201, .object(answer))
    }
  }

  private func order(_ request: APIRequest) throws -> ClientOrder {
    let tenant = request.text("tenant") ?? request.caller.tenant?.string ?? TenantID.default.string
    guard request.caller.sees(TenantID(tenant)) else { throw APIProblem.notFound }
    let servers = request.texts("servers") ?? []
    guard Set(servers.map { ServerName($0) }).isSubset(of: on.configuration.servers.map(\.name)) else {
      throw APIProblem.conflict("servers names one that isn't configured.")
    }
    let known = (request.texts("grants") ?? []).compactMap { GrantType(rawValue: $0) }
    var keySet: JSONWebKeySet?
    if let jwks = request.object("jwks") {
      guard let set = try? JSONWebKeySet(parsing: JSONWriter.write(jwks)), !set.keys.isEmpty else {
        throw APIProblem.conflict("jwks has no usable public key.")
      }
      keySet = set
    }
    let order = ClientOrder(
      name: request.text("name") ?? "", redirectURIs: request.texts("redirect_uris") ?? [], grants: known,
      method: request.text("auth").flatMap { ClientAuthenticationMethod(rawValue: $0) }, keySet: keySet,
      servers: servers, tenant: tenant)
    if let problem = order.problem(in: .members) { throw APIProblem.conflict(problem) }
    return order
  }

  private var remove: APIOperation {
    APIOperation(
      "clients.remove", "DELETE", "/api/clients/:name", naming: "client_id",
      "Removes a client and ends all that was begun through it.",
      roles: APIRole.installation, answers: 204
    ) { request in
      let id = ClientID(request.name)
      guard !on.configuration.clients.contains(where: { $0.id == id }) else {
        throw APIProblem.conflict("The client stands in the configuration file: remove it there, and reload.")
      }
      guard let known = try await on.installation.store.client(id) else { throw APIProblem.notFound }
      try await on.installation.audit.recordDurably(
        request.asker.event(
          .clientRemoved, at: on.installation.clock.now(), tenant: known.tenant, client: id))
      // First the client, so that it can't get new tokens while the old ones are taken away.
      _ = try await on.installation.store.removeClient(id)
      _ = try await on.installation.accessRevoker.revoke(.client(id), by: request.asker, with: { nil })
      return .done
    }
  }
}
