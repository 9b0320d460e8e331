import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// One call of HashiCorp Vault's HTTP interface.
struct VaultCall: Sendable {
  let vault: SecretManagers.Vault
  let fetcher: SafeFetcher

  /// Asks below `/v1/`: with `GET`, or with `POST` where there is something to send.
  ///
  /// - Returns: Whatever was answered, 403 and 404 among it.
  /// - Throws: `SecretFetching.Trouble` where nobody answers.
  func ask(
    _ path: String, _ input: JSONObject? = nil, limits: FetchLimits
  ) async throws(SecretFetching.Trouble) -> FetchedDocument {
    guard let url = try? AbsoluteURL(parsing: vault.address.origin.string + "/v1/\(path)") else {
      throw SecretFetching.Trouble(message: "can't stand in a URL", isPassing: false)
    }
    var headers: [(name: String, value: String)] = [
      (name: "x-vault-request", value: "true"), (name: "x-vault-token", value: ByteString(vault.token.expose()).string),
    ]
    if let namespace = vault.namespace { headers.append((name: "x-vault-namespace", value: namespace)) }
    do {
      guard let input else {
        return try await fetcher.get(
          url, headers: [("accept", "application/json")] + headers.map { ($0.name, $0.value) }, limits: limits)
      }
      let body = RequestBody(contentType: "application/json", bytes: JSONWriter.write(.object(input)))
      return try await fetcher.post(url, body: body, headers: headers, limits: limits)
    } catch {
      throw SecretFetching.Trouble(
        message: "Vault at \(vault.address.origin.authority) doesn't answer", isPassing: true)
    }
  }
}
