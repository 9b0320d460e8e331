import MartletDomain
import OAuthProtocol
import StrictCoding

/// The client is known. An unknown one gets a page with 400 and is never redirected (G8, V-050a).
struct ClientCheck: Sendable {
  let clients: any ClientDirectory

  func client(of parameters: AuthorizationParameters) async throws(PageRefusal) -> RegisteredClient {
    if parameters.isRepeated("client_id") {
      throw .malformed("The app named itself more than once.", reason: "client_id_repeated")
    }
    guard let id = parameters.value("client_id") else {
      throw .malformed("The app didn’t say who it is.", reason: "client_id_missing")
    }
    return try await client(ClientID(id))
  }

  func client(_ id: ClientID) async throws(PageRefusal) -> RegisteredClient {
    do {
      return try await clients.client(id)
    } catch {
      switch error {
      case .unknown(let reason): throw .unknownClient(reason: "client: \(reason)")
      case .unavailable(let reason): throw .unavailable(reason: "client: \(reason)")
      }
    }
  }
}
