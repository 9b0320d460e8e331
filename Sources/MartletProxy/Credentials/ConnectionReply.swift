import MCPProtocol
import StrictCoding

/// A modern client's answer to the question of ``ConnectionAnswer``: it repeats its request with it. Whether the account
/// is connected now the vault says, not the client; so neither key nor state holds anything that would have to be proven.
struct ConnectionReply {
  static let key = "martlet_connect"
  static let state = "martlet.connect"

  /// Whether the user has gone to the page, by what the client says.
  let isAccepted: Bool
  /// The request as the server should get it.
  let request: ClassifiedRequest

  /// - Returns: `nil` where the request answers no question of ours.
  init?(_ classified: ClassifiedRequest) {
    guard classified.classification.era == .modern, let message = classified.message?.request,
      Self.isState(message.parameter("requestState")) || Self.reply(in: message) != nil
    else { return nil }
    isAccepted = !Self.isRefused(message)
    var params = message.params ?? JSONObject()
    if Self.isState(params["requestState"]) { params["requestState"] = nil }
    if var answers = params["inputResponses"]?.objectValue {
      answers[Self.key] = nil
      params["inputResponses"] = answers.isEmpty ? nil : .object(answers)
    }
    let bare = message.replacing(params: params)
    request = ClassifiedRequest(
      authenticated: classified.authenticated, message: .request(bare), bytes: bare.encoded(),
      classification: classified.classification, mirrored: classified.mirrored)
  }

  /// Whether the user didn't want to go to the page: then it is not asked again.
  static func isRefused(_ message: MCPRequest) -> Bool {
    switch reply(in: message).flatMap({ ElicitationAction($0) }) {
    case .decline, .cancel: true
    case .accept, nil: false
    }
  }

  private static func reply(in message: MCPRequest) -> JSONValue? { message.parameter("inputResponses")?[key] }

  private static func isState(_ value: JSONValue?) -> Bool { value?.stringValue?.equalsBytewise(state) ?? false }
}
