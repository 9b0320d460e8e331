import OAuthProtocol

/// Reads `policy.opa`.
extension ConfigurationReader {
  func opa() -> OPASettings? {
    guard root.has("policy"), root.section("policy").has("opa") else { return nil }
    let section = root.section("policy").section("opa")
    section.allow(only: ConfigurationKeys.policyOPA)
    if !section.has("url") { section.problem("url", "is missing") }
    let timeout = section.duration("timeout", default: .seconds(1), in: .milliseconds(50) ... .seconds(10))
    let cache = section.duration("cache", default: .seconds(10), in: .zero ... .seconds(300))
    let token = section.secret("token")
    guard let text = section.string("url") else { return nil }
    guard let url = try? AbsoluteURL(parsing: text), url.fragment == nil else {
      section.problem("url", "must be an absolute URL", "for example http://127.0.0.1:8181/v1/data/martlet/allow")
      return nil
    }
    if url.scheme == .http, !url.host.isLoopback { section.problem("url", "must be https off loopback") }
    return OPASettings(url: url, timeout: timeout, cache: cache, token: token)
  }
}
