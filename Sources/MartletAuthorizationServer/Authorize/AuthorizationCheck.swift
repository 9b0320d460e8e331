import MartletDomain
import OAuthProtocol

/// An authorization request whose client and return address are known to be good: from here on errors go to the client.
struct AddressedRequest: Sendable {
  /// What was asked.
  let parameters: AuthorizationParameters
  /// Who asks.
  let client: RegisteredClient
  /// Where answers go.
  let returnAddress: ReturnAddress
  /// The configuration of this instant.
  let settings: AuthorizationServerSettings
}

/// What the checks have found. It starts with nothing: a check that is missing from the table closes the door.
struct AuthorizationFindings: Sendable {
  /// The PKCE challenge.
  var codeChallenge: CodeChallenge?
  /// What the request says about the resource.
  var target: AuthorizationTarget?
  /// The scope.
  var scope: ScopeSet?
  /// Whether pages may be shown.
  var allowsPages: Bool?
}

/// Which route an authorization is for.
enum AuthorizationTarget: Sendable, Hashable {
  /// This one.
  case route(RouteID)
  /// Whichever the user chooses on the consent page (A5).
  case choice
}

/// One rule about an authorization request. It may refuse, and it may add what it found; it stores nothing.
protocol AuthorizationCheck: Sendable {
  /// Checks a request.
  ///
  /// - Throws: `OAuthError`, which goes to the client by redirect with `state` and `iss`.
  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError)
}

/// The rules in their order. The first that refuses decides what the client is told.
enum AuthorizationChecks {
  /// The table.
  static let table: [any AuthorizationCheck] = [
    RepeatedParameterCheck(),
    RequestObjectCheck(),
    ResponseTypeCheck(),
    ResponseModeCheck(),
    CodeChallengeCheck(),
    ResourceCheck(),
    ScopeCheck(),
    PromptCheck(),
    GrantTypeCheck(),
  ]
}
