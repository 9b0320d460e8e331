import OAuthProtocol

/// The places where a metadata document may be, in the order in which they are tried.
enum WellKnownURL {
  /// RFC 8414 §3.1 and OpenID Connect Discovery §4; the order is that of MCP Authorization Server Metadata Discovery.
  static func authorizationServer(_ issuer: AbsoluteURL, openIDFirst: Bool) -> [AbsoluteURL] {
    let inserted = [
      url(issuer, "/.well-known/oauth-authorization-server", then: path(issuer)),
      url(issuer, "/.well-known/openid-configuration", then: path(issuer)),
    ]
    let appended = url(issuer, path(issuer), then: "/.well-known/openid-configuration")
    if openIDFirst { return unique([appended, inserted[1], inserted[0]]) }
    return unique(inserted + [appended])
  }

  /// RFC 9728 §3.1: the path-inserted place, then the root.
  static func protectedResource(_ resource: AbsoluteURL) -> [AbsoluteURL] {
    let name = "/.well-known/oauth-protected-resource"
    return unique([url(resource, name, then: path(resource)), url(resource, name, then: "")])
  }

  private static func path(_ url: AbsoluteURL) -> String {
    url.path.utf8.last == UInt8(ascii: "/") ? String(url.path.dropLast()) : url.path
  }

  private static func url(_ base: AbsoluteURL, _ first: String, then second: String) -> AbsoluteURL? {
    try? AbsoluteURL(parsing: base.origin.string + first + second)
  }

  private static func unique(_ urls: [AbsoluteURL?]) -> [AbsoluteURL] {
    urls.compactMap(\.self).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
