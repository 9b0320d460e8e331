import MCPProtocol
import StrictCoding

/// The one tool of a server whose account isn't connected yet: it leads to the page on which that is done.
struct ConnectTool {
  static let toolName = "martlet_connect"

  let name: String
  let link: String

  /// Whether a message calls it. While the account isn't connected it is answered like every other call; afterwards it
  /// is answered here, since the server knows nothing of it.
  static func isCalled(by message: MCPMessage?) -> Bool {
    message?.request?.toolName?.equalsBytewise(toolName) ?? false
  }

  var definition: JSONValue {
    [
      "name": .string(Self.toolName), "title": .string("Connect your account at \(name)"),
      "description": .string(
        "The tools of \(name) are listed once the user has connected their account there. Call this tool to lead the user "
          + "to the page, or show it: \(link)"),
      "inputSchema": ["type": "object", "properties": [:], "additionalProperties": false],
      "annotations": ["readOnlyHint": true, "openWorldHint": false],
    ]
  }

  /// What a call of it is told once the account is connected.
  static func connected(_ name: String, era: Era) -> JSONValue {
    var result: JSONObject = [
      "content": [
        ["type": "text", "text": .string("The account at \(name) is connected. List the tools again to see them.")]
      ],
      "isError": false,
    ]
    if era == .modern { result["resultType"] = "complete" }
    return .object(result)
  }
}
