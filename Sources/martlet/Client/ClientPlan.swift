import ArgumentParser
import Foundation
import MartletDomain
import OAuthProtocol
import StrictCoding

/// What `martlet client add` was asked for, completed: a client that acts for people is public where it runs on their
/// machine, and has a secret elsewhere; one that acts for itself always proves itself.
struct ClientPlan {
  let name: String
  let redirectURIs: [RedirectURI]
  let grants: Set<GrantType>
  let method: ClientAuthenticationMethod
  let keySet: [UInt8]?
  let servers: Set<ServerName>?
  let tenant: TenantID

  init(_ command: ClientAdd) throws {
    name = PlainText.sanitized(command.name, limit: 100)
    redirectURIs = command.redirectURIs.compactMap { try? RedirectURI(registering: $0) }
    grants = Self.grants(command)
    keySet = try command.jwks.map(Self.keySet)
    method = Self.method(command, grants, redirectURIs)
    servers = command.server.isEmpty ? nil : Set(command.server.map { ServerName($0) })
    tenant = TenantID(command.tenant)
  }

  /// Refuses what can't be meant, before anything is opened.
  static func validate(_ command: ClientAdd) throws {
    for text in command.redirectURIs {
      do {
        _ = try RedirectURI(registering: text)
      } catch {
        throw ValidationError("--redirect-uri \(PlainText.sanitized(text)): \(error.oauthError.description)")
      }
    }
    let grants = grants(command)
    for grant in grants where ![.authorizationCode, .refreshToken, .clientCredentials].contains(grant) {
      throw ValidationError("--grant can be authorization_code, refresh_token or client_credentials")
    }
    if grants.contains(.authorizationCode), command.redirectURIs.isEmpty {
      throw ValidationError(
        "--redirect-uri is missing; a client without a browser needs --grant client_credentials instead")
    }
    if command.auth == ClientAuthenticationMethod.none, grants.contains(.clientCredentials) {
      throw ValidationError("a client that acts for itself must prove itself: leave --auth none out")
    }
    if command.auth == .privateKeyJWT, command.jwks == nil {
      throw ValidationError("--auth private_key_jwt needs --jwks FILE")
    }
    if let method = command.auth, command.jwks != nil, method != .privateKeyJWT {
      throw ValidationError("--jwks is for --auth private_key_jwt")
    }
    if PlainText.sanitized(command.name).isEmpty { throw ValidationError("the name is empty") }
  }

  /// The client, under an id that nobody had before: a name that comes back must not inherit consents.
  func client(secret: Secret?, random: any RandomSource, at now: Timestamp) throws -> RegisteredClient {
    let readable = name.utf8.map { byte -> UInt8 in
      let lowered = ASCIICase.lowercased(byte)
      let isPlain = (0x61...0x7A).contains(lowered) || (0x30...0x39).contains(lowered)
      return isPlain ? lowered : UInt8(ascii: "-")
    }
    let id = String(decoding: readable.prefix(40), as: UTF8.self) + "-" + Hex.encode(random.bytes(6))
    return RegisteredClient(
      id: ClientID(id), origin: .administrator, tenant: tenant, name: name, redirectURIs: redirectURIs,
      grantTypes: grants, authenticationMethod: method,
      secretDigests: secret.map { [ArtefactKind.clientSecret.digest($0)] } ?? [], keySet: keySet, servers: servers,
      createdAt: now)
  }

  private static func grants(_ command: ClientAdd) -> Set<GrantType> {
    command.grant.isEmpty ? [.authorizationCode, .refreshToken] : Set(command.grant)
  }

  private static func method(
    _ command: ClientAdd, _ grants: Set<GrantType>, _ redirectURIs: [RedirectURI]
  ) -> ClientAuthenticationMethod {
    if let method = command.auth { return method }
    if command.jwks != nil { return .privateKeyJWT }
    if grants.contains(.clientCredentials) { return .clientSecretBasic }
    return redirectURIs.contains { $0.isNative } ? .none : .clientSecretBasic
  }

  private static func keySet(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure("can't read \(path)", advice: "Check the path and its permissions.", code: 2)
    }
    guard let set = try? JSONWebKeySet(parsing: Array(data)), !set.keys.isEmpty else {
      throw CommandFailure(
        "\(path) has no usable public key", advice: "It must be a JSON Web Key Set: {\"keys\": [{\"kty\": …}]}.",
        code: 2)
    }
    return JSONWriter.write(set.json())
  }
}
