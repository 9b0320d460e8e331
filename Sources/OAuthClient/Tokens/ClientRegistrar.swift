import OAuthProtocol
import StrictCoding

/// Registers Martlet at other authorization servers.
///
/// Conforms to: RFC 7591 §3.
public struct ClientRegistrar: Sendable {
  private let fetcher: any DocumentFetching

  /// - Parameter fetcher: Guarded for discovered servers.
  public init(fetcher: any DocumentFetching) { self.fetcher = fetcher }

  /// Registers.
  ///
  /// - Parameters:
  ///   - request: What we say about ourselves.
  ///   - metadata: The server.
  /// - Returns: What was registered.
  /// - Throws: `TokenClientError`, which says the same things here.
  public func register(
    _ request: ClientRegistrationRequest, at metadata: AuthorizationServerMetadata
  ) async throws(TokenClientError) -> ClientRegistrationResponse {
    guard let text = metadata.registrationEndpoint, let url = try? AbsoluteURL(parsing: text) else {
      throw .unusable("registration_endpoint")
    }
    let document: FetchedDocument
    do {
      document = try await fetcher.post(url, body: .json(request.json()), headers: [], limits: .metadata)
    } catch {
      throw error.isTransient ? .transient(error) : .unusable("registration endpoint: \(error)")
    }
    let status = FetchError.unexpectedStatus(document.status)
    guard let json = try? JSONReader.parse(document.body, limits: .metadata) else {
      throw status.isTransient ? .transient(status) : .unusable("status \(document.status), not JSON")
    }
    if let code = json["error"]?.stringValue {
      throw .denied(OAuthErrorCode(rawValue: code), code: code, description: json["error_description"]?.stringValue)
    }
    guard document.status == 200 || document.status == 201, let response = try? ClientRegistrationResponse(json: json)
    else { throw status.isTransient ? .transient(status) : .unusable("status \(document.status)") }
    return response
  }
}
