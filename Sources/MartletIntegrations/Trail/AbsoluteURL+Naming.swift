import OAuthProtocol

extension AbsoluteURL {
  /// For names and logs: what stands in a query may be a secret.
  var withoutQuery: String { String(string.prefix { $0 != "?" && $0 != "#" }) }
}
