import HTTPWire
import MCPProtocol
import MartletDomain
import MartletPolicy
import OAuthProtocol
import StrictCoding

/// What goes to an upstream, field by field. There is no place in it for the client's token, cookies, `Host`, `Origin`,
/// session id or version header (invariant 1, X9). A value that is handed on as one reference.
public struct OutboundRequest: Sendable {
  /// The methods of the Streamable HTTP transport.
  public enum Method: String, Sendable {
    /// Sends a message.
    case post = "POST"
    /// Opens the stream of a legacy session.
    case get = "GET"
    /// Ends a legacy session.
    case delete = "DELETE"

    /// Writes the fields that every such request has.
    func writeFields(to head: inout some FieldWriting) {
      // Answers are looked into, and without the field any coding would be welcome (RFC 9110 §12.5.3).
      head.add("accept-encoding", "identity")
      switch self {
      case .post:
        head.add("content-type", "application/json")
        head.add("accept", "text/event-stream, application/json")
      case .get: head.add("accept", "text/event-stream")
      case .delete: break
      }
    }
  }

  private enum Goal: Sendable {
    /// This very place.
    case place(UpstreamEndpoint)
    /// The first of these, which are never none; the others are its alternatives.
    case instances(ArraySlice<UpstreamInstance>)
  }

  private struct Parts: Sendable {
    let permit: Permit
    let method: Method
    var goal: Goal
    var body: [UInt8] = []
    var revision: ProtocolRevision?
    var upstreamSession: String?
    var lastEventID: String?
    var mirrored: MirroredHeaders?
    var assertion: (header: String, value: String)?
    var credential: UpstreamCredential?
    var account: ConnectionKey?
    var traceContext: [(name: String, value: String)] = []
    var isRepeatable = false
    var principal: Principal?
    var wire: ServerWireMemory?
    var sharesSession = false
  }

  /// The parts lie here, so that handing a request on copies none of them.
  private final class Place: @unchecked Sendable {  // Changed only while nobody else holds it: so nothing has to watch.
    @exclusivity(unchecked) var parts: Parts

    init(_ parts: Parts) { self.parts = parts }
  }

  private var place: Place

  /// The proof that policy allowed it.
  public var permit: Permit { place.parts.permit }
  /// The method.
  public var method: Method { place.parts.method }
  /// Where it goes. Setting it binds the request to that very place.
  public var url: AbsoluteURL {
    get { endpoint.url }
    set {
      if newValue == url { return }
      change { $0.goal = .place(UpstreamEndpoint(newValue)) }
    }
  }
  /// The same, ready to be used.
  var endpoint: UpstreamEndpoint {
    switch place.parts.goal {
    case .place(let endpoint): endpoint
    case .instances(let instances): instances[instances.startIndex].endpoint
    }
  }
  /// The instance there, on whose account it goes; `nil` for none.
  var instance: UpstreamInstance? {
    if case .instances(let instances) = place.parts.goal { instances.first } else { nil }
  }
  /// Where else it may go when nothing could be sent.
  var alternatives: ArraySlice<UpstreamInstance> {
    if case .instances(let instances) = place.parts.goal { instances.dropFirst() } else { [] }
  }
  /// The message; empty for none.
  public var body: [UInt8] {
    get { place.parts.body }
    set { change { $0.body = newValue } }
  }
  /// The revision spoken on this hop; `nil` where none is agreed on yet.
  public var revision: ProtocolRevision? {
    get { place.parts.revision }
    set { change { $0.revision = newValue } }
  }
  /// The upstream's own session.
  public var upstreamSession: String? {
    get { place.parts.upstreamSession }
    set { change { $0.upstreamSession = newValue } }
  }
  /// The last event of a resumed stream.
  public var lastEventID: String? {
    get { place.parts.lastEventID }
    set { change { $0.lastEventID = newValue } }
  }
  /// Header fields that mirror the body: its method, its name, and parameters.
  var mirrored: MirroredHeaders? {
    get { place.parts.mirrored }
    set { change { $0.mirrored = newValue } }
  }
  /// Our signed word about who is calling.
  public var assertion: (header: String, value: String)? {
    get { place.parts.assertion }
    set { change { $0.assertion = newValue } }
  }
  /// What the server is opened with: the caller's or the operator's, never what the client sent.
  public var credential: UpstreamCredential? {
    get { place.parts.credential }
    set { change { $0.credential = newValue } }
  }
  /// The account that it is made with, whose credential is put on last; nothing of this is sent.
  var account: ConnectionKey? {
    get { place.parts.account }
    set { change { $0.account = newValue } }
  }
  /// W3C trace context.
  public var traceContext: [(name: String, value: String)] {
    get { place.parts.traceContext }
    set { change { $0.traceContext = newValue } }
  }
  /// Whether sending it twice does no harm: not so for `tools/call`.
  public var isRepeatable: Bool {
    get { place.parts.isRepeatable }
    set { change { $0.isRepeatable = newValue } }
  }
  /// In whose name it goes; nothing of it is sent.
  var principal: Principal? {
    get { place.parts.principal }
    set { change { $0.principal = newValue } }
  }
  /// What is known of how the server carries messages; nothing of it is sent.
  var wire: ServerWireMemory? {
    get { place.parts.wire }
    set { change { $0.wire = newValue } }
  }
  /// Whether several clients' processes share its session, so that what belongs to one call is nobody else's.
  var sharesSession: Bool {
    get { place.parts.sharesSession }
    set { change { $0.sharesSession = newValue } }
  }

  private mutating func change(_ body: (inout Parts) -> Void) {
    if !isKnownUniquelyReferenced(&place) { place = Place(place.parts) }
    body(&place.parts)
  }

  /// Begins a request.
  public init(permit: Permit, method: Method, url: AbsoluteURL) {
    place = Place(Parts(permit: permit, method: method, goal: .place(UpstreamEndpoint(url))))
  }

  /// Begins another request in the same name and with the same credentials, wherever it goes.
  func another(_ method: Method, to url: AbsoluteURL) -> OutboundRequest {
    var request = OutboundRequest(permit: permit, method: method, url: url)
    request.assertion = assertion
    request.credential = credential
    request.account = account
    return request
  }

  /// Begins a request in somebody's name to the first of some instances; the others are its alternatives. In one piece:
  /// each part that is set later takes the place of another.
  ///
  /// - Returns: `nil` for no instances.
  init?(
    permit: Permit, method: Method, to instances: [UpstreamInstance], principal: Principal,
    assertion: (header: String, value: String), credential: UpstreamCredential?, account: ConnectionKey?,
    traceContext: [(name: String, value: String)], wire: ServerWireMemory
  ) {
    if instances.isEmpty { return nil }
    place = Place(
      Parts(
        permit: permit, method: method, goal: .instances(instances[...]), assertion: assertion, credential: credential,
        account: account, traceContext: traceContext, principal: principal, wire: wire))
  }

  /// Directs it to the first of some instances; the others are its alternatives.
  mutating func direct(to instances: ArraySlice<UpstreamInstance>) {
    if !instances.isEmpty { change { $0.goal = .instances(instances) } }
  }

  /// Directs it to one instance first; those that it was for are its alternatives.
  mutating func prefer(_ instance: UpstreamInstance) {
    guard case .instances(let others) = place.parts.goal else { return }
    direct(to: ([instance] + others.filter { $0 !== instance })[...])
  }

  /// Directs it to the next alternative.
  ///
  /// - Returns: Whether there was one.
  mutating func takeAlternative() -> Bool {
    let alternatives = alternatives
    direct(to: alternatives)
    return !alternatives.isEmpty
  }

  /// The same to this very instance, whatever happens there.
  var bound: OutboundRequest {
    var copy = self
    if let instance { copy.direct(to: [instance]) }
    return copy
  }

  /// The header fields, but for `Host` and `Content-Length`, which the codec adds.
  public var headers: [(name: String, value: String)] {
    var list = FieldList()
    method.writeFields(to: &list)
    writeOwnFields(to: &list)
    return list.fields
  }

  /// Writes ``headers`` but for those that its method brings.
  func writeOwnFields(to head: inout some FieldWriting) {
    if let revision { head.add("mcp-protocol-version", revision.rawValue) }
    if let upstreamSession { head.add("mcp-session-id", upstreamSession) }
    if let lastEventID { head.add("last-event-id", lastEventID) }
    // Looked at where they lie: taken out, all of them would be copied.
    if let method = place.parts.mirrored?.method.value { head.add("mcp-method", method) }
    if let name = place.parts.mirrored?.name.value { head.add("mcp-name", name) }
    for parameter in place.parts.mirrored?.parameters ?? [] {
      head.add(named: "mcp-param-" + ASCIICase.lowercased(parameter.name), parameter.value)
    }
    if let assertion { head.add(named: assertion.header, assertion.value) }
    if let credential { head.add(named: credential.header, ByteString(credential.value.expose()).string) }
    for (name, value) in traceContext { head.add(named: name, value) }
  }
}

/// Takes header fields, one after the other.
protocol FieldWriting {
  /// Takes a field whose name is fit for a head.
  mutating func add(_ name: StaticString, _ value: String)
  /// Takes a field whose name has yet to be looked at.
  mutating func add(named name: String, _ value: String)
}

extension HeadWriter: FieldWriting {}

/// Fields as texts.
private struct FieldList: FieldWriting {
  private(set) var fields: [(name: String, value: String)] = []

  mutating func add(_ name: StaticString, _ value: String) { fields.append(("\(name)", value)) }

  mutating func add(named name: String, _ value: String) { fields.append((name, value)) }
}
