import MCPProtocol
import MartletDomain

/// What the scope of an API key forbids, before any other rule: a key never opens more than it was made for.
enum KeyRule {
  /// Why a request may not be made with the caller's key; `nil` where it may, or where there is no key.
  ///
  /// A key that only reads calls no tool here, since nothing is known of what tools do; whoever knows a tool's
  /// definition decides with `readsOnly`.
  static func obstacle(_ question: PolicyQuestion, readsOnly: (String) -> Bool = { _ in false }) -> String? {
    guard let scope = question.principal.key?.scope else { return nil }
    guard scope.admits(server: question.route.id.server) else { return "key_server" }
    for message in question.messages {
      guard let tool = message.request?.toolName else { continue }
      guard scope.admits(tool: tool.utf8) else { return "key_tool" }
      if scope.isReadOnly, !readsOnly(tool) { return "key_read_only" }
    }
    return nil
  }
}
