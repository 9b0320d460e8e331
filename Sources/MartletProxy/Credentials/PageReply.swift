import MCPProtocol
import StrictCoding

/// Why a user is sent to a page of ours.
enum PagePurpose: Sendable {
  /// To connect an account.
  case connection
  /// To see how an approval stands, or to give it.
  case approval

  /// What the question is called among those that a modern client answers.
  var key: String {
    switch self {
    case .connection: ConnectTool.toolName
    case .approval: "martlet_approval"
    }
  }

  /// What the client repeats with its answer. It holds nothing that would have to be proven.
  var state: String {
    switch self {
    case .connection: "martlet.connect"
    case .approval: "martlet.approval"
    }
  }
}

/// A modern client's answer to ``PageQuestion``: it repeats its request with it. Whether the account is connected, or the
/// call approved, the store says, not the client.
struct PageReply {
  /// Whether the user has gone to the page, by what the client says.
  let isAccepted: Bool
  /// The request as the server should get it.
  let request: ClassifiedRequest

  /// - Returns: `nil` where the request answers no question of ours.
  init?(_ classified: ClassifiedRequest, for purpose: PagePurpose) {
    guard classified.classification.era == .modern, let message = classified.message?.request,
      Self.isState(message.parameter("requestState"), of: purpose) || Self.reply(in: message, purpose) != nil
    else { return nil }
    isAccepted = !Self.isRefused(message, for: purpose)
    var params = message.params ?? JSONObject()
    if Self.isState(params["requestState"], of: purpose) { params["requestState"] = nil }
    if var answers = params["inputResponses"]?.objectValue {
      answers[purpose.key] = nil
      params["inputResponses"] = answers.isEmpty ? nil : .object(answers)
    }
    let bare = message.replacing(params: params)
    request = ClassifiedRequest(
      authenticated: classified.authenticated, message: .request(bare), bytes: bare.encoded(),
      classification: classified.classification, mirrored: classified.mirrored)
  }

  /// Whether the user didn't want to go to the page: then it is not asked again.
  static func isRefused(_ message: MCPRequest, for purpose: PagePurpose) -> Bool {
    switch reply(in: message, purpose).flatMap({ ElicitationAction($0) }) {
    case .decline, .cancel: true
    case .accept, nil: false
    }
  }

  private static func reply(in message: MCPRequest, _ purpose: PagePurpose) -> JSONValue? {
    message.parameter("inputResponses")?[purpose.key]
  }

  private static func isState(_ value: JSONValue?, of purpose: PagePurpose) -> Bool {
    value?.stringValue?.equalsBytewise(purpose.state) ?? false
  }
}
