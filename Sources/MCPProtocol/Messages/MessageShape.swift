import StrictCoding

/// The checks that make a JSON object a message, in their order.
struct MessageShape {
  private let object: JSONObjectView
  private let id: JSONRPCID?

  init(_ object: JSONObjectView) {
    self.object = object
    id = JSONRPCID(request: object["id"])
  }

  func message() throws(MCPMessageError) -> MCPMessage {
    if ReservedKeys.envelope.areImitated(in: object) {
      throw .invalidRequest("a key imitates one of the message's own", id: id)
    }
    guard object.isString("jsonrpc", "2.0") else {
      throw .invalidRequest("jsonrpc must be \"2.0\"", id: id)
    }
    return object.has("method") ? try call() : .response(try response())
  }

  private func call() throws(MCPMessageError) -> MCPMessage {
    // Beyond ASCII readers differ: some drop U+FEFF, and an unknown method becomes a known one.
    guard case .string(let name)? = object["method"], !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .invalidRequest("method must be a string of visible ASCII characters", id: id) }
    if object.has("result") || object.has("error") {
      throw .invalidRequest("a message with a method can't hold a result or an error", id: id)
    }
    let method = MCPMethod(name)
    try checkParams()
    guard object.has("id") else {
      if method.isKnownRequest { throw .invalidRequest("a request must have an id") }
      return .notification(MCPNotification(method: method, view: object))
    }
    guard let id else { throw .invalidRequest("id must be a string or an integer") }
    if method.isKnownNotification { throw .invalidRequest("a notification can't have an id", id: id) }
    let request = MCPRequest(id: id, method: method, view: object)
    try checkParameters(of: request)
    return .request(request)
  }

  private func checkParams() throws(MCPMessageError) {
    guard object.has("params"), !object.isNull("params") else { return }
    guard let params = object.object("params") else { throw .invalidParams("params must be an object", id: id) }
    if ReservedKeys.parameters.areImitated(in: params) {
      throw .invalidParams("a parameter imitates one of the protocol's own", id: id)
    }
    try checkReadings(of: params)
    guard params.has("_meta") else { return }
    guard let metadata = params.object("_meta") else { throw .invalidParams("_meta must be an object", id: id) }
    if ReservedKeys.metadata.areImitated(in: metadata) {
      throw .invalidParams("a key of _meta imitates one of the protocol's own", id: id)
    }
  }

  /// Refuses what readers see differently: some cut at NUL, some drop U+FEFF in front or behind an escape.
  private func checkReadings(of params: JSONObjectView) throws(MCPMessageError) {
    for key in ["name", "uri", "taskId"] {
      guard let name = params[key]?.stringValue else { continue }
      if name.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { continue }
      if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0xFEFF }) {
        throw .invalidParams("params.\(key) holds characters that are not allowed", id: id)
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

  private func checkParameters(of request: MCPRequest) throws(MCPMessageError) {
    guard let mirrored = request.method.mirroredName else { return }
    guard request.mirroredName != nil else {
      throw .invalidParams("params.\(mirrored.rawValue) must be a string", id: id)
    }
    let params = object.object("params")
    guard let params, params.has("arguments"), !params.isNull("arguments") else { return }
    if params.object("arguments") == nil { throw .invalidParams("params.arguments must be an object", id: id) }
  }

  private func response() throws(MCPMessageError) -> MCPResponse {
    switch (object["result"], object["error"]) {
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
    switch object["id"] {
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
