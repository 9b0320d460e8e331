import MartletDomain
import OAuthProtocol

extension ConsentPage {
  /// The page of a request: who asks, for what, for how long, and where the answer goes (N-06, V-018a, V-096, V-103).
  ///
  /// - Parameters:
  ///   - request: What is to be decided.
  ///   - isRemembered: Whether the same was agreed to before.
  ///   - csrf: The form's anti-forgery value.
  ///   - settings: The configuration of this instant.
  init(asking request: ConsentRequest, isRemembered: Bool, csrf: String, settings: AuthorizationServerSettings) {
    let redirectURI = request.returnAddress.redirectURI
    self.init(
      prompt: LoginPrompt(
        clientName: request.client.name, clientHost: LoginPrompt.verifiedHost(of: request.client.id),
        redirectHost: redirectURI.host),
      redirectsToThisDevice: redirectURI.isLoopback, userName: request.user.displayName,
      choices: request.choices.map { Choice(resource: settings.routes.resource(of: $0.id), name: $0.displayName) },
      permissions: Self.permissions(request), lifetime: Self.lifetime(settings.tokens), isRemembered: isRemembered,
      transaction: request.pending.id.string, csrf: csrf)
  }

  private static func permissions(_ request: ConsentRequest) -> [String] {
    let server = request.choices.count == 1 ? request.choices.first.map { "“\($0.displayName)”" } : nil
    return permissions(server: server, scope: request.pending.scope)
  }

  static func permissions(server: String?, scope: ScopeSet) -> [String] {
    var permissions = ["Use the tools, resources and prompts of \(server ?? "the server that you choose") in your name"]
    if scope.contains("offline_access") { permissions.append("Stay connected while you are away") }
    return permissions
  }

  static func lifetime(_ tokens: TokenSettings) -> String {
    let idle = words(tokens.refreshLifetime)
    let whole = words(tokens.refreshFamilyLifetime)
    return "Until \(idle) pass without use, \(whole) at most"
  }

  /// A duration in the largest unit that fits it whole.
  static func words(_ duration: Duration) -> String {
    let seconds = max(duration.wholeSeconds, 0)
    let units: [(length: Int64, name: String)] = [(86_400, "day"), (3600, "hour"), (60, "minute")]
    for unit in units where seconds >= unit.length && seconds % unit.length == 0 {
      let count = seconds / unit.length
      return count == 1 ? "1 \(unit.name)" : "\(count) \(unit.name)s"
    }
    return seconds == 1 ? "1 second" : "\(seconds) seconds"
  }
}

extension LoginPrompt {
  /// The host of a client id that is a URL. Such an id is only ever accepted with the document found there, or from the
  /// configuration, so the host is verified.
  static func verifiedHost(of client: ClientID) -> String? {
    client.value.validatedString.flatMap { try? ClientIDMetadataURL(parsing: $0) }?.host
  }
}
