import MCPProtocol
import StrictCoding

/// A modern server's answer that it needs something from the client first.
struct InputRequired: Sendable {
  /// One question.
  struct Question: Sendable {
    /// The server's name for it.
    let key: String
    let method: MCPMethod
    let params: JSONObject?
  }

  let questions: [Question]
  /// Goes back as it came.
  let state: JSONValue?

  /// Whether a result is one.
  static func isOne(_ result: JSONValue) -> Bool {
    result["resultType"]?.stringValue?.equalsBytewise("input_required") ?? false
  }

  /// Reads one.
  ///
  /// - Returns: `nil` where it breaks the rules.
  init?(_ result: JSONValue) {
    if let state = result["requestState"], !state.isNull { self.state = state } else { state = Optional.none }
    let requests = result["inputRequests"] ?? .null
    guard let members = requests.isNull ? [] : requests.objectValue?.members else { return nil }
    // The same call would be made again and again, with nothing to tell it from the first.
    if members.isEmpty, state == nil { return nil }
    var questions: [Question] = []
    for member in members {
      guard let method = member.value["method"]?.stringValue else { return nil }
      questions.append(
        Question(key: member.key, method: MCPMethod(method), params: member.value["params"]?.objectValue))
    }
    self.questions = questions
  }

  /// Which methods may answer so.
  static func isAllowed(for method: MCPMethod) -> Bool {
    switch method {
    case .toolsCall, .promptsGet, .resourcesRead: true
    default: false
    }
  }
}
