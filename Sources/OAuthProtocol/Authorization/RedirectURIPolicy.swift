import StrictCoding

/// Which redirect URIs beside `https` and loopback addresses may be registered.
public struct RedirectURIPolicy: Sendable, Equatable {
  /// Private-use schemes that are allowed by name, lower case.
  public var privateUseSchemes: [String]
  /// Whether schemes after a reversed domain name (`com.example.app`, RFC 8252 §7.1) are allowed.
  public var allowsReverseDomainSchemes: Bool
  /// Whether `http://localhost` is a loopback address (RFC 8252 §8.3 advises against it; most real clients use it).
  public var allowsLocalhostName: Bool

  /// Puts a policy together.
  public init(
    privateUseSchemes: [String], allowsReverseDomainSchemes: Bool = true, allowsLocalhostName: Bool = true
  ) {
    self.privateUseSchemes = privateUseSchemes
    self.allowsReverseDomainSchemes = allowsReverseDomainSchemes
    self.allowsLocalhostName = allowsLocalhostName
  }

  /// The preset for the clients that are known: Cursor, VS Code, and reversed domain names.
  public static let `default` = RedirectURIPolicy(privateUseSchemes: ["cursor", "vscode", "vscode-insiders"])

  /// True if the scheme may be registered. Schemes that act inside a browser never may, listed or not.
  func allows(scheme: [UInt8]) -> Bool {
    let name = ByteString(scheme)
    if Self.neverAllowed.contains(name) { return false }
    if privateUseSchemes.contains(where: { ByteString($0) == name }) { return true }
    return allowsReverseDomainSchemes && Self.isReverseDomain(scheme)
  }

  /// Schemes with a meaning of their own in browsers and operating systems.
  static let neverAllowed: Set<ByteString> = [
    "javascript", "data", "file", "vbscript", "blob", "about", "view-source", "filesystem", "http", "https", "ws",
    "wss", "ftp", "ftps", "mailto", "tel", "sms", "chrome", "chrome-extension", "moz-extension", "resource", "jar",
    "intent", "android-app", "content", "urn", "ldap", "ldaps", "gopher", "mhtml", "livescript", "mocha", "feed",
    "ms-msdt", "search-ms", "ms-officecmd", "smb", "nfs", "ssh", "telnet", "dict", "cid", "mid", "res", "shell",
  ]

  private static let genericTopLevels: Set<ByteString> = [
    "com", "org", "net", "edu", "gov", "info", "biz", "app", "dev", "cloud", "tech", "software", "tools",
  ]

  private static func isReverseDomain(_ scheme: [UInt8]) -> Bool {
    let labels = scheme.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard labels.count >= 2, let top = labels.first else { return false }
    guard labels.allSatisfy({ !$0.isEmpty && !$0.contains(UInt8(ascii: "+")) }) else { return false }
    let isCountry = top.count == 2 && top.allSatisfy(ASCII.isLower)
    return isCountry || genericTopLevels.contains(ByteString(Array(top)))
  }
}
