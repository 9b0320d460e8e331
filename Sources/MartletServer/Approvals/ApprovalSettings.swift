import MartletDomain
import OAuthProtocol

/// Who is told that a call waits (`approvals:`).
public struct ApprovalSettings: Sendable {
  /// Where a notice is posted.
  public var webhook: AbsoluteURL?
  /// What it is signed with.
  public var secret: Secret?
}

/// Reads `approvals:`.
extension ConfigurationReader {
  func approvals() -> ApprovalSettings {
    let section = root.section("approvals")
    section.allow(only: ConfigurationKeys.approvals)
    var settings = ApprovalSettings()
    guard section.has("webhook") else { return settings }
    let webhook = section.section("webhook")
    webhook.allow(only: ConfigurationKeys.approvalWebhook)
    for key in ["url", "secret"] where !webhook.has(key) { webhook.problem(key, "is missing") }
    settings.secret = webhook.secret("secret")
    guard let text = webhook.string("url") else { return settings }
    guard let url = try? AbsoluteURL(parsing: text), url.fragment == nil else {
      webhook.problem("url", "must be an absolute URL", "for example https://hooks.example.com/martlet")
      return settings
    }
    if url.scheme == .http, !url.host.isLoopback { webhook.problem("url", "must be https off loopback") }
    settings.webhook = url
    return settings
  }
}
