import MartletDomain
import MartletIdentity
import StrictCoding

/// OAuth clients in the admin API.
struct ClientOperations: Sendable {
  let on: AdminDependencies

  private static let client = APISchema(
    "Client",
    [
      "client_id": "string", "name": "string", "origin": "string", "token_endpoint_auth_method": "string",
      "grant_types": "[string]", "redirect_uris": "[string]", "servers": "[string]?", "tenant": "string",
      "created_at": "time?", "first_used_at": "time?",
    ])

  var all: [APIOperation] { [list, remove] }

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

  private var remove: APIOperation {
    APIOperation(
      "clients.remove", "DELETE", "/api/clients/:name", "Removes a client and ends all that was begun through it.",
      roles: APIRole.installation, answers: 204
    ) { request in
      let id = ClientID(request.name)
      guard !on.configuration.clients.contains(where: { $0.id == id }) else {
        throw APIProblem.conflict("The client stands in the configuration file: remove it there, and reload.")
      }
      guard let known = try await on.installation.store.client(id) else { throw APIProblem.notFound }
      try await on.installation.audit.recordDurably(
        AuditEvent(
          at: on.installation.clock.now(), action: .clientRemoved, tenant: known.tenant, request: request.id,
          subject: request.caller.subject, client: id, reason: "by_api", address: request.address))
      // First the client, so that it can't get new tokens while the old ones are taken away.
      _ = try await on.installation.store.removeClient(id)
      _ = try await on.installation.accessRevoker.revoke(.client(id), by: request.asker)
      return .done
    }
  }
}
