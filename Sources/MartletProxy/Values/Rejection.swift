import MCPProtocol
import MartletDomain
import MartletPolicy
import OAuthProtocol

/// Why a request on a route was refused. `GatewayResponse.rendering` turns each case into HTTP, without default.
enum Rejection: Error, Sendable {
  /// There is no such route.
  case unknownRoute
  /// `Origin` or `Sec-Fetch-Site` names a page that may not call routes (N-25, V-011).
  case foreignOrigin
  /// No credential came: where to get one (§11.3).
  case unauthenticated
  /// A credential came that isn't good here; the reason is for the trail.
  case invalidToken(reason: String)
  /// A credential came in more than one way, or where none may stand (N-22).
  case malformedCredential
  /// Too many wrong keys came from there; when to come again.
  case tooManyGuesses(seconds: Int64)
  /// The method isn't available; what is, is named.
  case methodNotAllowed(allow: String)
  /// The body isn't JSON by its type.
  case unsupportedMediaType
  /// The body is larger than the limit.
  case bodyTooLarge
  /// The body stopped coming.
  case bodyTimeout
  /// The message isn't acceptable.
  case malformedMessage(MCPMessageError)
  /// No such session for this caller; unknown, ended and foreign look alike (V-014).
  case unknownSession(id: JSONRPCID?)
  /// No such task for this caller; unknown, expired and foreign look alike (V-015).
  case unknownTask(id: JSONRPCID?)
  /// Policy refused; the reason is for the trail.
  case denied(reason: String, id: JSONRPCID?)
  /// Somebody has to approve of it first.
  case approvalRequired(ApprovalID, id: JSONRPCID?)
  /// A limit is met.
  case limited(LimitRefusal, id: JSONRPCID?)
  /// The upstream can't be reached or answered with what can't be relayed.
  case upstreamUnavailable(reason: String, id: JSONRPCID?)
  /// The upstream may have done what was asked, but its answer is lost; it is not asked twice.
  case outcomeUnknown(reason: String, id: JSONRPCID?)
  /// The user has to connect an account at the server first.
  case connectionRequired(ConnectionNeed, id: JSONRPCID?)
  /// The server wants scopes that asking for again is no use.
  case scopesExhausted(String, id: JSONRPCID?)
  /// A store, the trail or an external engine can't take it right now: nothing was done.
  case temporarilyUnavailable(reason: String, id: JSONRPCID? = nil)

  /// The same refusal as the answer to a request.
  func answering(_ id: JSONRPCID?) -> Rejection {
    switch self {
    case .upstreamUnavailable(let reason, _): .upstreamUnavailable(reason: reason, id: id)
    case .outcomeUnknown(let reason, _): .outcomeUnknown(reason: reason, id: id)
    case .unknownSession: .unknownSession(id: id)
    case .unknownTask: .unknownTask(id: id)
    case .connectionRequired(let need, _): .connectionRequired(need, id: id)
    case .scopesExhausted(let scopes, _): .scopesExhausted(scopes, id: id)
    case .denied(let reason, _): .denied(reason: reason, id: id)
    case .approvalRequired(let approval, _): .approvalRequired(approval, id: id)
    case .limited(let refusal, _): .limited(refusal, id: id)
    case .temporarilyUnavailable(let reason, _): .temporarilyUnavailable(reason: reason, id: id)
    default: self
    }
  }

  /// A stable code for the trail.
  var reason: String {
    switch self {
    case .unknownRoute: "unknown_route"
    case .foreignOrigin: "foreign_origin"
    case .unauthenticated: "no_credential"
    case .invalidToken(let reason): "invalid_token:\(reason)"
    case .malformedCredential: "malformed_credential"
    case .tooManyGuesses: "too_many_guesses"
    case .methodNotAllowed: "method_not_allowed"
    case .unsupportedMediaType: "unsupported_media_type"
    case .bodyTooLarge: "body_too_large"
    case .bodyTimeout: "body_timeout"
    case .malformedMessage(let error): "malformed_message:\(error.code.rawValue)"
    case .unknownSession: "unknown_session"
    case .unknownTask: "unknown_task"
    case .denied(let reason, _): "denied:\(reason)"
    case .approvalRequired(let approval, _): "approval_required:\(approval)"
    case .limited(let refusal, _): "limited:\(refusal.kind.rawValue):\(refusal.limit)"
    case .upstreamUnavailable(let reason, _): "upstream_unavailable:\(reason)"
    case .outcomeUnknown(let reason, _): "outcome_unknown:\(reason)"
    case .connectionRequired: "connection_required"
    case .scopesExhausted: "scopes_exhausted"
    case .temporarilyUnavailable(let reason, _): "temporarily_unavailable:\(reason)"
    }
  }
}
