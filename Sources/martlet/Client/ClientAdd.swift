import ArgumentParser
import Foundation
import MartletDomain
import MartletServer
import OAuthProtocol
import StrictCoding

extension GrantType: ExpressibleByArgument {
  /// What help and completion offer: the grants that `/token` redeems.
  public static var allValueStrings: [String] { GrantType.forOperators.map(\.rawValue) }
}
extension ClientAuthenticationMethod: ExpressibleByArgument {}

/// `martlet client add`.
struct ClientAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Make a client; a secret is shown this once.",
    discussion: """
      Examples:
        martlet client add "My editor" --redirect-uri http://127.0.0.1/callback
        martlet client add nightly --grant client_credentials --server time --json
        martlet client add nightly --grant client_credentials --jwks nightly.jwks
        martlet client add "My terminal" --grant urn:ietf:params:oauth:grant-type:device_code
      """)

  @Argument(help: "What people see when they are asked for consent; the client_id begins with it.")
  var name: String

  @Option(
    name: .customLong("redirect-uri"),
    help: ArgumentHelp("Where answers may go; repeatable. On loopback addresses any port fits.", valueName: "uri"))
  var redirectURIs: [String] = []

  @Option(
    help: ArgumentHelp(
      "What it may redeem; repeatable. By default authorization_code and refresh_token.", valueName: "grant"))
  var grant: [GrantType] = []

  @Option(
    help: ArgumentHelp(
      "none, client_secret_basic, client_secret_post or private_key_jwt; by default what fits.", valueName: "method"))
  var auth: ClientAuthenticationMethod?

  @Option(
    help: ArgumentHelp("A file with its public keys, a JSON Web Key Set, for private_key_jwt.", valueName: "file"))
  var jwks: String?

  @Option(help: ArgumentHelp("A server that it may reach; repeatable. By default any.", valueName: "name"))
  var server: [String] = []

  @Option(help: "The tenant that it acts in with client_credentials.")
  var tenant = "default"

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard TenantName.isValid(tenant) else { throw ValidationError("--tenant must be \(TenantName.rule)") }
    // Keys stand in a file, which is read when everything else is right.
    let stand = jwks.map { _ in JSONWebKeySet([]) }
    if let problem = order(keySet: stand).problem(in: .options) { throw ValidationError(problem) }
  }

  func run() async throws {
    try await options.withInstallation(isNewWelcome: true) { installation, configuration in
      try ServerNames.check(server, configuration)
      let order = order(keySet: try jwks.map(Self.keySet))
      guard let (client, secret) = try await order.make(in: installation, by: nil) else {
        throw CommandFailure("the client_id is taken", advice: "Run this again; another one is drawn.")
      }
      answer(client, secret.map { ByteString($0.expose()).string })
    }
  }

  private func order(keySet: JSONWebKeySet?) -> ClientOrder {
    ClientOrder(
      name: name, redirectURIs: redirectURIs, grants: grant, method: auth, keySet: keySet, servers: server,
      tenant: tenant)
  }

  private static func keySet(_ path: String) throws -> JSONWebKeySet {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure("can't read \(path)", advice: "Check the path and its permissions.", code: 2)
    }
    guard let set = try? JSONWebKeySet(parsing: Array(data)), !set.keys.isEmpty else {
      throw CommandFailure(
        "\(path) has no usable public key", advice: "It must be a JSON Web Key Set: {\"keys\": [{\"kty\": …}]}.",
        code: 2)
    }
    return set
  }

  private func answer(_ client: RegisteredClient, _ secret: String?) {
    if options.json {
      var answer = ClientText.json(client)
      answer["client_secret"] = secret.map { .string($0) }
      Terminal.out(.object(answer))
      return
    }
    Terminal.out("The client was made.")
    Terminal.out("  client_id      \(client.id)")
    if let secret { Terminal.out("  client_secret  \(secret)   (shown this once)") }
    Terminal.out("  authentication \(client.authenticationMethod.rawValue)")
  }
}
