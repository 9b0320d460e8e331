import MartletDomain
import MartletServer
import StrictCoding

/// What the commands about approvals have in common.
enum ApprovalText {
  private static let head = ["ID", "STATE", "CALL", "BY", "THROUGH", "RULE", "UNTIL"]

  static func list(_ approvals: [JSONObject], empty: String, asJSON: Bool) {
    if asJSON { return Terminal.out(.array(approvals.map { .object($0) })) }
    if approvals.isEmpty { return Terminal.out(empty) }
    Terminal.table(
      head,
      approvals.map { one in
        [
          text(one, "id"), text(one, "state"), "\(text(one, "server"))/\(text(one, "target"))", text(one, "subject"),
          one["key"]?.stringValue.map { "key \($0)" } ?? text(one, "client"), text(one, "rule"),
          text(one, "expires_at"),
        ]
      })
  }

  static func show(_ approval: JSONObject, asJSON: Bool) {
    if asJSON { return Terminal.out(.object(approval)) }
    for (key, value) in approval.members where key != "parameters" {
      guard let shown = value.stringValue else { continue }
      Terminal.out("  \(key)\(String(repeating: " ", count: max(1, 12 - key.utf8.count)))\(PlainText.sanitized(shown))")
    }
    guard let parameters = approval["parameters"] else { return }
    Terminal.out("\nThe call says:\n" + PlainText.marked(JSONWriter.string(parameters, pretty: true)))
  }

  static func found(_ approval: JSONObject?, _ id: String) throws(CommandFailure) -> JSONObject {
    guard let approval else {
      throw CommandFailure(
        "there is no approval \(PlainText.sanitized(id, limit: 64))",
        advice: "`martlet approval list` shows what waits.")
    }
    return approval
  }

  private static func text(_ object: JSONObject, _ key: String) -> String { object[key]?.stringValue ?? "" }
}
