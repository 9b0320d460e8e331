import MCPProtocol
import MartletDomain
import StrictCoding

/// What the scope of an API key forbids, before any other rule: a key never opens more than it was made for.
enum KeyRule {
  /// Why a request may not be made with the caller's key; `nil` where it may, or where there is no key.
  ///
  /// A key that only reads calls the tools that the server says only read; one of which nothing is known does more.
  static func obstacle(_ question: PolicyQuestion) -> String? {
    guard let scope = question.principal.key?.scope else { return nil }
    guard scope.admits(server: question.route.id.server) else { return "key_server" }
    guard let tool = question.message?.request?.toolName else { return nil }
    guard scope.admits(tool: tool.utf8) else { return "key_tool" }
    let traits = question.facts.definitions?.tools[ByteString(tool)]?.traits
    return scope.isReadOnly && !(traits?.isReadOnly ?? false) ? "key_read_only" : nil
  }
}
