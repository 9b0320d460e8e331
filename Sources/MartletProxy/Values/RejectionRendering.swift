import MCPProtocol
import MartletDomain
import MartletPolicy
import OAuthProtocol
import StrictCoding

/// Turns a rejection into HTTP: the one place that does.
struct RejectionRendering {
  let settings: GatewaySettings

  /// What a client hears of a call whose answer is lost.
  static let outcomeUnknown =
    "The call may have reached the server, but its answer is lost. It was not sent again: find out whether it took effect "
    + "before you repeat it."

  /// The same of a call whose answer came, but can't be read.
  static func outcomeUnknown(_ reason: String) -> String {
    guard isEncoded(reason) else { return outcomeUnknown }
    return encoded + " The call was not sent again: find out whether it took effect before you repeat it."
  }

  /// What a client hears while its server can't be reached.
  static let away = "The server behind this route is not available."

  /// What a client hears of an answer that nobody here decodes.
  static let encoded =
    "The server's answer is encoded (Content-Encoding), which Martlet doesn't ask for and doesn't read."

  /// What a client hears while nothing can be had to call its server with.
  static let noCredential =
    "There is no credential for the server behind this route at this moment: whoever issues it doesn't answer, or refuses. "
    + "Nothing is lost: try again in a few seconds, and if it stays so, ask an administrator."

  /// What a client hears of a call that policy refused: which rule did is for the trail.
  static let denied =
    "Denied by policy: this login may not do this here. Trying again won't help; ask whoever runs this gateway."
  /// What a client hears of a call that somebody decided against.
  static let decidedAgainst =
    "Whoever was asked about this call decided against it. Don't make it again unless they tell you to."
  /// What a client hears of a call that needs an approval, while nobody can be asked for another one.
  static let tooManyUndecided =
    "This call needs an approval, and too many calls wait for one already, so nobody was asked about it. Make it again once "
    + "some of these were decided or have run out."
  /// What a client hears of a call that needs an approval, and says more than can be shown to whoever approves.
  static let tooLargeToDecide =
    "This call needs an approval, and its parameters are longer than the \(Approvals.longestParameters) bytes that whoever "
    + "approves is shown. Make it with less, or ask whoever runs this gateway."
  /// What a client hears of a call about which nobody can decide right now.
  static let undecided =
    "The gateway can't decide about this right now, so nothing was done and the server wasn't asked. Try again in a moment."
  /// What a client hears where nothing more can be told it.
  static let connectionRequired = "An account at this server has to be connected before it can be used."

  /// What a client hears of scopes that weren't granted however often their user was asked.
  static func exhausted(_ scopes: String) -> String {
    let named = scopes.isEmpty ? "more than was granted" : PlainText.sanitized(scopes, limit: 500)
    return
      "The server behind this route still wants \(named), though the account was connected for that several times. "
      + "Connecting again won't help: ask an administrator which scopes its authorization server grants."
  }

  /// Renders.
  ///
  /// - Parameters:
  ///   - rejection: What happened.
  ///   - path: The path as the client spelled it, which its challenge must name (D12).
  func render(_ rejection: Rejection, path: String) -> GatewayResponse {
    switch rejection {
    case .unknownRoute:
      return problem(404, "not_found", "There is no MCP server at this path.")
    case .foreignOrigin:
      return problem(403, "forbidden_origin", "Pages of this origin may not call this server; see allowed_origins.")
    case .unauthenticated:
      return challenge(path: path, error: nil, .invalidToken, "A bearer token is required.")
    case .invalidToken:
      return challenge(path: path, error: .invalidToken, .invalidToken, "The access token is not valid here.")
    case .malformedCredential:
      return challenge(
        path: path, error: .invalidToken, .invalidToken,
        "Send one bearer token in the Authorization header, or one API key in Authorization or X-API-Key.")
    case .tooManyGuesses(let seconds):
      return problem(429, "too_many_attempts", "Too many wrong keys came from this network; wait, then try again.")
        .adding("retry-after", String(seconds))
    case .methodNotAllowed(let allow):
      return problem(405, "method_not_allowed", "This method is not available here.").adding("allow", allow)
    case .unsupportedMediaType:
      return problem(415, "unsupported_media_type", "Send one JSON-RPC message with Content-Type: application/json.")
    case .bodyTooLarge:
      return problem(413, "body_too_large", "The message is larger than \(GatewayLimits.requestBody) bytes.")
    case .bodyTimeout:
      return problem(408, "body_timeout", "The message stopped arriving.")
    case .malformedMessage(let error):
      return .json(error.httpStatus, error.body)
    case .unknownSession(let id):
      return .json(404, JSONRPCErrorBody.encode(id: id, code: .sessionNotFound, message: "Session not found"))
    case .unknownTask(let id):
      return rpc(id, .invalidParams, "Task not found", nil, statusWithoutID: 404)
    case .denied(let reason, let id):
      return rpc(id, .denied, Self.words(of: reason), nil, statusWithoutID: 403)
    case .approvalRequired(let approval, let id):
      let link = settings.origin.string + ApprovalReturn(approval).path
      return rpc(id, .denied, "This needs an approval: \(link)", nil, statusWithoutID: 403)
    case .limited(let refusal, let id):
      return LimitAnswer(refusal).response(to: id)
    case .upstreamUnavailable(let reason, let id):
      // Trying again wouldn't help.
      if Self.isEncoded(reason) { return rpc(id, .upstreamUnavailable, Self.encoded, nil, statusWithoutID: 502) }
      let isCredential = reason.equalsBytewise(UpstreamFailure.credentialUnavailable.code)
      return rpc(id, .upstreamUnavailable, isCredential ? Self.noCredential : Self.away, 5, statusWithoutID: 503)
    case .outcomeUnknown(let reason, let id):
      return rpc(id, .upstreamUnavailable, Self.outcomeUnknown(reason), nil, statusWithoutID: 502)
    case .connectionRequired(_, let id):
      return rpc(id, .upstreamUnavailable, Self.connectionRequired, nil, statusWithoutID: 503)
    case .scopesExhausted(let scopes, let id):
      return rpc(id, .denied, Self.exhausted(scopes), nil, statusWithoutID: 403)
    case .temporarilyUnavailable(_, nil):
      return problem(503, "temporarily_unavailable", "Try again in a moment.").adding("retry-after", "2")
    case .temporarilyUnavailable(_, let id?):
      return rpc(id, .upstreamUnavailable, Self.undecided, 2, statusWithoutID: 503)
    }
  }

  private static func words(of denial: String) -> String {
    if denial.equalsBytewise(ApprovalGate.denied) { return decidedAgainst }
    if denial.equalsBytewise(Approvals.full) { return tooManyUndecided }
    if denial.equalsBytewise(Approvals.tooLarge) { return tooLargeToDecide }
    return denied
  }

  private static func isEncoded(_ reason: String) -> Bool { reason.equalsBytewise(UpstreamFailure.encoded.code) }

  /// A JSON-RPC error with HTTP 200 where a request can be answered, else the status alone.
  private func rpc(
    _ id: JSONRPCID?, _ code: JSONRPCErrorCode, _ message: String, _ retryAfter: Int?, statusWithoutID: Int
  ) -> GatewayResponse {
    let status = id == nil ? statusWithoutID : 200
    let response = GatewayResponse.json(status, JSONRPCErrorBody.encode(id: id, code: code, message: message))
    guard let retryAfter else { return response }
    return response.adding("retry-after", String(retryAfter))
  }

  private func problem(_ status: Int, _ code: String, _ description: String) -> GatewayResponse {
    let body: JSONValue = .object([
      "error": .string(code), "error_description": .string(description),
    ])
    return .json(status, JSONWriter.write(body))
  }

  /// Conforms to: RFC 6750 §3, RFC 9728 §5.1; `error` only when a token was sent (D7).
  private func challenge(path: String, error: OAuthErrorCode?, _ code: OAuthErrorCode, _ description: String)
    -> GatewayResponse
  {
    let challenge = BearerChallenge(
      resourceMetadata: settings.origin.string + "/.well-known/oauth-protected-resource" + path,
      scope: ScopeSet(tolerant: "mcp"), error: error, errorDescription: error == nil ? nil : description)
    return problem(401, code.rawValue, description).adding("www-authenticate", challenge.string)
  }
}
