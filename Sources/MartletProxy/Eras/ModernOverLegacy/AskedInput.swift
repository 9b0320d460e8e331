import MCPProtocol
import StrictCoding

/// Something that a legacy server asked of its client while it works on a call: an entry of `inputRequests`.
struct AskedInput: Sendable, Equatable {
  /// The name under which the client answers.
  let key: String
  /// The id under which the server waits.
  let id: JSONRPCID
  private let method: MCPMethod
  private let params: JSONObject?

  /// Takes a request of a server; nil where it isn't one that a modern client can be asked.
  init?(_ request: MCPRequest, key: String) {
    guard Self.feature(neededBy: request) != nil else { return nil }
    self.key = key
    id = request.id
    method = request.method
    var params = request.params
    params?["_meta"] = nil
    // The id of a page belongs to a notification that the modern era doesn't have.
    if method == .elicitationCreate { params?["elicitationId"] = nil }
    self.params = method == .rootsList ? nil : params
  }

  /// A page that the user has to visit, as `-32042` names it.
  init?(urlElicitation: JSONValue, key: String) {
    guard let url = urlElicitation["url"]?.stringValue, let message = urlElicitation["message"]?.stringValue else {
      return nil
    }
    self.key = key
    id = .null
    method = .elicitationCreate
    params = ["mode": "url", "message": .string(message), "url": .string(url)]
  }

  /// What a client must have declared to be asked this; nil for requests that no modern client can be asked.
  static func feature(neededBy request: MCPRequest) -> ClientFeatures.Feature? {
    // A request that is to become a task can't be answered in the modern era.
    if request.parameter("task") != nil { return nil }
    switch request.method {
    case .elicitationCreate:
      switch request.parameter("mode")?.stringValue {
      case nil, "form": return .formElicitation
      case "url": return .urlElicitation
      default: return nil
      }
    case .samplingCreateMessage: return request.parameter("tools") == nil ? .sampling : .samplingWithTools
    case .rootsList: return .roots
    default: return nil
    }
  }

  /// The request as it stands in `inputRequests`.
  var entry: JSONValue {
    var object: JSONObject = ["method": .string(method.name)]
    object["params"] = params.map { .object($0) }
    return .object(object)
  }

  /// Whether a value has the shape of an answer to this (MRTR, Error Handling).
  func accepts(_ answer: JSONValue) -> Bool {
    switch method {
    case .elicitationCreate: ElicitationAction(answer) != nil
    case .samplingCreateMessage:
      answer["role"]?.stringValue != nil && answer["content"] != nil && answer["model"]?.stringValue != nil
    case .rootsList: answer["roots"]?.arrayValue != nil
    default: false
    }
  }

  /// The `inputRequests` of several.
  static func entries(_ asked: [AskedInput]) -> JSONValue {
    .object(JSONObject(asked.map { ($0.key, $0.entry) }))
  }
}

/// What a user did with an elicitation.
enum ElicitationAction: Sendable {
  case accept
  case decline
  case cancel

  init?(_ answer: JSONValue) {
    switch answer["action"]?.stringValue {
    case "accept": self = .accept
    case "decline": self = .decline
    case "cancel": self = .cancel
    default: return nil
    }
  }
}
