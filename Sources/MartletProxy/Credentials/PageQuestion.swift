import MCPProtocol
import MartletDomain
import StrictCoding

/// Sends the user of a call to a page of ours, in the form that the client declared: a URL elicitation of its era, or a
/// plain link.
///
/// Conforms to: MCP 2025-11-25 Elicitation, URL Mode; MCP 2026-07-28 Multi Round-Trip Requests.
struct PageQuestion {
  let purpose: PagePurpose
  let classified: ClassifiedRequest
  let session: BoundSession?
  /// The page. It names nobody and opens nothing.
  let link: String
  /// What the user is asked.
  let question: String
  /// The same with the link, for clients that show text alone.
  let advice: String
  /// A name for an elicitation that nobody can guess.
  let elicitation: String
  /// What prompts and resources are answered where the client can't be sent to a page.
  let refusal: MCPResponse.Failure

  private var era: Era { classified.classification.era }
  private var serverName: String { classified.authenticated.routed.route.resource.displayName }

  /// The answer to a call, a prompt or a resource.
  func outcome(_ message: MCPRequest) -> MCPResponse.Outcome {
    if era == .modern, asksByURL, !PageReply.isRefused(message, for: purpose) { return .result(inputRequired) }
    if elicits { return elicitationRequired }
    return message.method == .toolsCall ? .result(.object(complete(toolResult))) : .error(refusal)
  }

  /// Whether the answer sends a legacy client to the page.
  var elicits: Bool {
    switch classified.method {
    case .toolsCall?, .promptsGet?, .resourcesRead?: era == .legacy && asksByURL
    default: false
    }
  }

  /// Whether the client declared that it can send its user to a page.
  private var asksByURL: Bool {
    let declared =
      era == .modern
      ? classified.message?.metadata.clientCapabilities
      : session?.client.capabilities
    return declared?["elicitation"]?["url"]?.objectValue != nil
  }

  private var inputRequired: JSONValue {
    let asked: JSONValue = ["mode": "url", "message": .string(question), "url": .string(link)]
    return [
      "resultType": "input_required",
      "inputRequests": .object([
        purpose.key: ["method": .string(MCPMethod.elicitationCreate.name), "params": asked]
      ]),
      "requestState": .string(purpose.state),
    ]
  }

  private var elicitationRequired: MCPResponse.Outcome {
    let asked: JSONValue = [
      "mode": "url", "elicitationId": .string(elicitation), "url": .string(link), "message": .string(question),
    ]
    return .error(
      MCPResponse.Failure(
        code: .legacyURLElicitationRequired, message: question, data: ["elicitations": [asked]]))
  }

  private var toolResult: JSONObject {
    ["content": [["type": "text", "text": .string(advice)]], "isError": true]
  }

  private func complete(_ object: JSONObject) -> JSONObject {
    guard era == .modern else { return object }
    var object = object
    object["resultType"] = "complete"
    object["_meta"] = .object([MetadataKey.serverInfo: ["name": .string(serverName), "version": "unknown"]])
    return object
  }
}
