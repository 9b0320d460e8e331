import StrictCoding

/// The checks that make a JSON object a message, in their order.
struct MessageShape {
  /// The numbers of names, in the order of ``ReservedKeys/envelope`` and ``ReservedKeys/parameters``.
  private enum Envelope {
    static let (jsonrpc, id, method, params, result, error) = (0, 1, 2, 3, 4, 5)
  }

  private enum Parameter {
    static let (metadata, name, uri, taskId, arguments) = (0, 1, 2, 3, 4)
    static let readable = name...taskId
  }

  private let object: JSONObjectView
  private let members: JSONMembers
  private let isImitated: Bool
  private let id: JSONRPCID?

  init(_ object: JSONObjectView) {
    self.object = object
    (members, isImitated) = ReservedKeys.envelope.find(in: object)
    id = JSONRPCID(request: object.value(at: members[Envelope.id]))
  }

  func message() throws(MCPMessageError) -> MCPMessage {
    if isImitated { throw .invalidRequest("a key imitates one of the message's own", id: id) }
    guard object.isString(at: members[Envelope.jsonrpc], "2.0") else {
      throw .invalidRequest("jsonrpc must be \"2.0\"", id: id)
    }
    return members[Envelope.method] != nil ? try call() : .response(try response())
  }

  private func call() throws(MCPMessageError) -> MCPMessage {
    // Beyond ASCII readers differ: some drop U+FEFF, and an unknown method becomes a known one.
    guard let name = object.text(at: members[Envelope.method]), !name.isEmpty,
      name.withBytes({ $0.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
    else { throw .invalidRequest("method must be a string of visible ASCII characters", id: id) }
    if members[Envelope.result] != nil || members[Envelope.error] != nil {
      throw .invalidRequest("a message with a method can't hold a result or an error", id: id)
    }
    let method = MCPMethod(name)
    let params = try params()
    let found = try findMembers(of: params)
    let metadata = try metadata(in: params, found)
    guard members[Envelope.id] != nil else {
      if method.isKnownRequest { throw .invalidRequest("a request must have an id") }
      return .notification(MCPNotification(method: method, view: object))
    }
    guard let id else { throw .invalidRequest("id must be a string or an integer") }
    if method.isKnownNotification { throw .invalidRequest("a notification can't have an id", id: id) }
    let mirrored = try mirroredName(in: params, found, of: method)
    return .request(
      MCPRequest(id: id, method: method, view: object, parameters: params, metadata: metadata, mirroredName: mirrored))
  }

  private func params() throws(MCPMessageError) -> JSONObjectView? {
    let place = members[Envelope.params]
    if place == nil || object.isNull(at: place) { return nil }
    guard let params = object.object(at: place) else { throw .invalidParams("params must be an object", id: id) }
    return params
  }

  private func findMembers(of params: JSONObjectView?) throws(MCPMessageError) -> JSONMembers {
    guard let params else { return JSONMembers() }
    let (found, isImitated) = ReservedKeys.parameters.find(in: params)
    if isImitated { throw .invalidParams("a parameter imitates one of the protocol's own", id: id) }
    try checkReadings(of: params, found)
    return found
  }

  private func metadata(in params: JSONObjectView?, _ found: JSONMembers) throws(MCPMessageError) -> RequestMetadata {
    if found[Parameter.metadata] == nil { return .none }
    guard let metadata = params?.object(at: found[Parameter.metadata]) else {
      throw .invalidParams("_meta must be an object", id: id)
    }
    let (reserved, isImitated) = ReservedKeys.metadata.find(in: metadata)
    if isImitated { throw .invalidParams("a key of _meta imitates one of the protocol's own", id: id) }
    return RequestMetadata(metadata, reserved)
  }

  /// Refuses what readers see differently: some cut at NUL, some drop U+FEFF in front or behind an escape.
  private func checkReadings(of params: JSONObjectView, _ found: JSONMembers) throws(MCPMessageError) {
    for name in Parameter.readable where found[name] != nil && !params.isPlainText(at: found[name]) {
      guard let text = params.text(at: found[name]) else { continue }
      if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0xFEFF }) {
        let name = ReservedKeys.parameters[name]
        throw .invalidParams("params.\(name) holds characters that are not allowed", id: id)
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

  /// What a modern client mirrors into `Mcp-Name`; `nil` where the method has none.
  private func mirroredName(
    in params: JSONObjectView?, _ found: JSONMembers, of method: MCPMethod
  ) throws(MCPMessageError) -> String? {
    guard let mirrored = method.mirroredName else { return nil }
    let place =
      switch mirrored {
      case .name: found[Parameter.name]
      case .uri: found[Parameter.uri]
      case .taskId: found[Parameter.taskId]
      }
    guard let name = params?.text(at: place) else {
      throw .invalidParams("params.\(mirrored.rawValue) must be a string", id: id)
    }
    let arguments = found[Parameter.arguments]
    guard arguments == nil || params?.isNull(at: arguments) == true || params?.isObject(at: arguments) == true else {
      throw .invalidParams("params.arguments must be an object", id: id)
    }
    return name
  }

  private func response() throws(MCPMessageError) -> MCPResponse {
    let tree = object.tree
    switch (tree["result"], tree["error"]) {
    case (.some(let result), nil):
      guard let id else { throw .invalidRequest("the id of a response must be a string or an integer") }
      return MCPResponse(id: id, outcome: .result(result), object: tree)
    case (nil, .some(let error)):
      return MCPResponse(id: try errorID(), outcome: .error(try failure(error)), object: tree)
    default:
      throw .invalidRequest("a message needs a method, a result or an error", id: id)
    }
  }

  private func errorID() throws(MCPMessageError) -> JSONRPCID {
    if let id { return id }
    switch object.value(at: members[Envelope.id]) {
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
