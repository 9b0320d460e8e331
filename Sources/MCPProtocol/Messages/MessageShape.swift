import StrictCoding

/// The checks that make a JSON object a message, in their order.
struct MessageShape {
  private enum Envelope {
    static let names = JSONMembers.Names(["jsonrpc", "id", "method", "params", "result", "error"])
    static let (jsonrpc, id, method, params, result, error) = (0, 1, 2, 3, 4, 5)
  }

  private enum Parameter {
    static let names = JSONMembers.Names(["name", "uri", "taskId", "arguments", "_meta"])
    static let readable = ["name", "uri", "taskId"]
    static let (arguments, metadata) = (3, 4)
  }

  private let object: JSONObjectView
  private let members: JSONMembers
  private let id: JSONRPCID?

  init(_ object: JSONObjectView) {
    self.object = object
    members = object.members(Envelope.names)
    id = JSONRPCID(request: members[Envelope.id])
  }

  func message() throws(MCPMessageError) -> MCPMessage {
    if ReservedKeys.envelope.areImitated(in: object) {
      throw .invalidRequest("a key imitates one of the message's own", id: id)
    }
    guard members.isString(Envelope.jsonrpc, "2.0") else {
      throw .invalidRequest("jsonrpc must be \"2.0\"", id: id)
    }
    return members.has(Envelope.method) ? try call() : .response(try response())
  }

  private func call() throws(MCPMessageError) -> MCPMessage {
    // Beyond ASCII readers differ: some drop U+FEFF, and an unknown method becomes a known one.
    guard case .string(let name)? = members[Envelope.method], !name.isEmpty,
      name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .invalidRequest("method must be a string of visible ASCII characters", id: id) }
    if members.has(Envelope.result) || members.has(Envelope.error) {
      throw .invalidRequest("a message with a method can't hold a result or an error", id: id)
    }
    let method = MCPMethod(name)
    let parts = try checkParams()
    guard members.has(Envelope.id) else {
      if method.isKnownRequest { throw .invalidRequest("a request must have an id") }
      return .notification(MCPNotification(method: method, view: object))
    }
    guard let id else { throw .invalidRequest("id must be a string or an integer") }
    if method.isKnownNotification { throw .invalidRequest("a notification can't have an id", id: id) }
    let request = MCPRequest(
      id: id, method: method, view: object, parameters: parts.params, metadata: parts.metadata)
    try check(parts.members, of: request)
    return .request(request)
  }

  /// The parameters, looked at in one walk.
  private typealias Parts = (params: JSONObjectView?, members: JSONMembers?, metadata: JSONObjectView?)

  private func checkParams() throws(MCPMessageError) -> Parts {
    guard members.has(Envelope.params), !members.isNull(Envelope.params) else { return (nil, nil, nil) }
    guard let params = members.object(Envelope.params) else {
      throw .invalidParams("params must be an object", id: id)
    }
    if ReservedKeys.parameters.areImitated(in: params) {
      throw .invalidParams("a parameter imitates one of the protocol's own", id: id)
    }
    let found = params.members(Parameter.names)
    try checkReadings(of: params, found)
    guard found.has(Parameter.metadata) else { return (params, found, nil) }
    guard let metadata = found.object(Parameter.metadata) else {
      throw .invalidParams("_meta must be an object", id: id)
    }
    if ReservedKeys.metadata.areImitated(in: metadata) {
      throw .invalidParams("a key of _meta imitates one of the protocol's own", id: id)
    }
    return (params, found, metadata)
  }

  /// Refuses what readers see differently: some cut at NUL, some drop U+FEFF in front or behind an escape.
  private func checkReadings(of params: JSONObjectView, _ found: JSONMembers) throws(MCPMessageError) {
    for index in Parameter.readable.indices where found.has(index) && !found.isPlainText(index) {
      guard let name = found[index]?.stringValue else { continue }
      if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0xFEFF }) {
        throw .invalidParams("params.\(Parameter.readable[index]) holds characters that are not allowed", id: id)
      }
    }
    if params.mayHaveUnusualKeys, Self.holdsMarkedKey(.object(params.tree)) {
      throw .invalidParams("a key holds a byte order mark", id: id)
    }
  }

  private static func holdsMarkedKey(_ value: JSONValue) -> Bool {
    switch value {
    case .object(let object):
      object.members.contains { $0.key.unicodeScalars.contains("\u{FEFF}") || holdsMarkedKey($0.value) }
    case .array(let elements): elements.contains(where: holdsMarkedKey)
    default: false
    }
  }

  private func check(_ params: JSONMembers?, of request: MCPRequest) throws(MCPMessageError) {
    guard let mirrored = request.method.mirroredName else { return }
    guard request.mirroredName != nil else {
      throw .invalidParams("params.\(mirrored.rawValue) must be a string", id: id)
    }
    guard let params, params.has(Parameter.arguments), !params.isNull(Parameter.arguments) else { return }
    if params.object(Parameter.arguments) == nil {
      throw .invalidParams("params.arguments must be an object", id: id)
    }
  }

  private func response() throws(MCPMessageError) -> MCPResponse {
    switch (members[Envelope.result], members[Envelope.error]) {
    case (.some(let result), nil):
      guard let id else { throw .invalidRequest("the id of a response must be a string or an integer") }
      return MCPResponse(id: id, outcome: .result(result), object: object.tree)
    case (nil, .some(let error)):
      return MCPResponse(id: try errorID(), outcome: .error(try failure(error)), object: object.tree)
    default:
      throw .invalidRequest("a message needs a method, a result or an error", id: id)
    }
  }

  private func errorID() throws(MCPMessageError) -> JSONRPCID {
    if let id { return id }
    switch members[Envelope.id] {
    case nil, .null: return .null
    default: throw .invalidRequest("id must be a string or an integer")
    }
  }

  private func failure(_ value: JSONValue) throws(MCPMessageError) -> MCPResponse.Failure {
    guard let code = value["code"]?.int64Value, let message = value["message"]?.stringValue else {
      throw .invalidRequest("an error needs a code and a message", id: id)
    }
    return MCPResponse.Failure(code: JSONRPCErrorCode(rawValue: code), message: message, data: value["data"])
  }
}
