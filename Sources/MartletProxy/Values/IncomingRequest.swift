import HTTPWire
import MartletDomain
import NIOCore

/// A request to an MCP route whose head has arrived and whose body has not been looked at. Immutable; a class, so that
/// the stages pass it on without copying its fields.
public final class IncomingRequest: Sendable {
  /// The method.
  public let method: String
  /// The path as sent.
  public let path: String
  /// The query as sent, without `?`; empty for none.
  public let query: String
  /// The header fields.
  public let headers: HeaderFields
  /// Where it came from, after trusted proxies were accounted for.
  public let address: String
  /// Its id.
  public let id: RequestID
  /// When its head was complete.
  public let arrivedAt: NIODeadline

  /// Describes a request.
  public init(
    method: String, path: String, query: String, headers: HeaderFields, address: String, id: RequestID,
    arrivedAt: NIODeadline
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.address = address
    self.id = id
    self.arrivedAt = arrivedAt
  }
}

extension IncomingRequest {
  /// The trace that its sender is in; `nil` where it says nothing, nothing valid, or two things.
  var trace: TraceContext? {
    guard headers.count(.traceparent) == 1 else { return nil }
    return headers.first(.traceparent).flatMap { TraceContext($0) }
  }
}

extension HeaderFields {
  /// Takes over what a request says of the trace that its sender is in, valid or not.
  mutating func addTrace(of request: IncomingRequest) {
    for field in [KnownField.traceparent, .tracestate] {
      for value in request.headers.values(field) { add(field.rawValue, value) }
    }
  }
}

/// A request whose route is known. Immutable; a class, so that the stages pass it on as one reference.
final class RoutedRequest: Sendable {
  let incoming: IncomingRequest
  let route: UpstreamRoute
  let settings: GatewaySettings

  init(incoming: IncomingRequest, route: UpstreamRoute, settings: GatewaySettings) {
    self.incoming = incoming
    self.route = route
    self.settings = settings
  }
}

/// A request whose caller is proven.
struct AuthenticatedRequest: Sendable {
  let routed: RoutedRequest
  let principal: Principal

  /// The account that the server is called with; `nil` where the vault has no part in it.
  var account: ConnectionKey? {
    routed.route.credential.account(of: principal, at: routed.route.resource.id)
  }
}
