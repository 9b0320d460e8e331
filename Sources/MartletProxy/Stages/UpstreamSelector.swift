import HTTPWire
import MCPProtocol
import MartletDomain
import OAuthProtocol
import StrictCoding

/// Signs our word about who is calling.
public protocol UpstreamAssertions: Sendable {
  /// A short-lived JWT for an upstream.
  ///
  /// - Parameters:
  ///   - principal: Who is calling.
  ///   - audience: The upstream's URL as configured.
  /// - Returns: `nil` when it can't be signed right now.
  func assertion(for principal: Principal, audience: String) -> String?
}

/// Picks the instance and builds what it is sent, field by field from an allow-list. Immutable; a class, so that no call
/// copies it.
final class UpstreamSelector: Sendable {
  let assertions: any UpstreamAssertions
  let random: any RandomSource

  init(assertions: any UpstreamAssertions, random: any RandomSource) {
    self.assertions = assertions
    self.random = random
  }

  /// What goes on as the client sent it, to an upstream of the same era.
  func outbound(_ request: AdmittedRequest) throws(Rejection) -> OutboundRequest {
    let classified = request.classified
    var outbound = try bare(method(classified), for: request)
    outbound.body = classified.bytes
    outbound.isRepeatable = !classified.hasMessage || classified.method?.isRepeatable ?? false
    switch classified.classification.era {
    case .modern: fillModern(&outbound, classified)
    case .legacy: fillLegacy(&outbound, classified, request.session)
    }
    return outbound
  }

  /// A request that carries nothing yet but our word about who is calling, and in whose name and with which account it
  /// goes.
  func bare(_ method: OutboundRequest.Method, for request: AdmittedRequest) throws(Rejection) -> OutboundRequest {
    let caller = request.classified.authenticated
    let (routed, principal) = (caller.routed, caller.principal)
    guard let audience = routed.route.audience,
      let assertion = assertions.assertion(for: principal, audience: audience),
      let outbound = OutboundRequest(
        permit: request.permit, method: method, to: instances(for: request), principal: principal,
        assertion: (routed.settings.assertionHeader, assertion), credential: routed.route.credential.fixedHeader,
        account: request.account, traceContext: traceContext(routed.incoming), wire: routed.route.server.wire)
    else { throw notReady(request) }
    return outbound
  }

  private func notReady(_ request: AdmittedRequest) -> Rejection {
    .upstreamUnavailable(reason: "not_ready", id: request.classified.id)
  }

  /// The same, where a session should begin.
  func opening(_ session: ArtefactDigest, for request: AdmittedRequest, avoiding gone: UpstreamInstance? = nil)
    throws(Rejection) -> OutboundRequest
  {
    var outbound = try bare(.post, for: request)
    outbound.direct(to: request.server.placement(of: session, avoiding: gone)[...])
    return outbound
  }

  /// A session has its instance; everything else goes to the least loaded.
  private func instances(for request: AdmittedRequest) -> [UpstreamInstance] {
    if let bound = request.session, bound.session.upstreamSession != nil, bound.session.upstreamEra == .legacy,
      let instance = request.server.instance(bound.session.upstreamURL)
    {
      return [instance]
    }
    return request.server.leastLoaded
  }

  private func method(_ request: ClassifiedRequest) -> OutboundRequest.Method {
    if request.hasMessage { return .post }
    return request.incoming.method == "DELETE" ? .delete : .get
  }

  /// Method and name are those of the body that was authorized: fields that say anything else were refused. `Mcp-Param-*` go
  /// on as they came (§4.1).
  private func fillModern(_ outbound: inout OutboundRequest, _ request: ClassifiedRequest) {
    outbound.revision = request.classification.revision ?? .latest
    outbound.mirrored = request.mirrored
  }

  private func fillLegacy(_ outbound: inout OutboundRequest, _ request: ClassifiedRequest, _ session: BoundSession?) {
    guard request.method != .initialize else { return }
    outbound.revision = session?.session.revision ?? request.classification.revision
    outbound.upstreamSession = session?.session.upstreamSession
  }

  /// The same trace with a span of our own (W3C Trace Context §3.2); without a valid `traceparent`, nothing.
  private func traceContext(_ request: IncomingRequest) -> [(name: String, value: String)] {
    guard let trace = request.trace else { return [] }
    var context = [("traceparent", trace.continued(by: random.bytes(8)))]
    if request.headers.count(.tracestate) == 1, let state = request.headers.first(.tracestate),
      TraceContext.isPlausible(state: state)
    {
      context.append(("tracestate", state))
    }
    return context
  }
}

extension MCPMethod {
  /// Whether sending it twice does no harm. Of what nobody here knows, nobody here can say so.
  var isRepeatable: Bool { self != .toolsCall && self != .tasksUpdate && isKnown }
}
