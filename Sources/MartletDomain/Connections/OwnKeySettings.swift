/// How keys that users, or a tenant's administrators, enter go to a server (`credential: {header: {per: user, …}}`).
public struct OwnKeySettings: Hashable, Sendable {
  /// The most bytes that a key may have.
  public static let longestKey = 8192

  /// The header field, in lower case.
  public let header: String
  /// What stands before the key, such as `Bearer ` with its space.
  public let prefix: String
  /// Whether one key is the whole tenant's, and its administrators enter it.
  public let isTenants: Bool

  /// Describes the field.
  public init(header: String, prefix: String = "", isTenants: Bool = false) {
    self.header = header
    self.prefix = prefix
    self.isTenants = isTenants
  }

  /// The field with a key in it.
  public func field(carrying key: Secret) -> UpstreamCredential {
    UpstreamCredential(header: header, value: Secret(Array(prefix.utf8) + key.expose()))
  }

  /// A key as somebody typed or pasted it, without the white space around it.
  ///
  /// - Returns: `nil` for what can't stand in a header.
  public static func key(entered text: [UInt8]) -> Secret? {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
    let key = Array(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    guard (1...longestKey).contains(key.count), key.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    return Secret(key)
  }
}
