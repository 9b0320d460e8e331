import StrictCoding

/// A secret that a manager keeps, as a configuration names it.
enum SecretReference: Hashable, Sendable {
  /// A member of a secret in HashiCorp Vault's key-value store, version 2: `{vault: mount/path#member}`.
  case vault(mount: String, path: String, member: String)
  /// A secret in AWS Secrets Manager, or a member of one that is a JSON object: `{aws_secret: name#member}`.
  case aws(name: String, member: String?)

  /// Reads `mount/path#member`.
  init?(vault text: String) {
    guard let (name, member) = Self.split(text), let member, let slash = name.firstIndex(of: "/") else { return nil }
    let (mount, path) = (String(name[..<slash]), String(name[name.index(after: slash)...]))
    let segments = path.split(separator: "/", omittingEmptySubsequences: false) + [Substring(mount)]
    guard segments.allSatisfy({ Self.isSegment($0) }) else { return nil }
    self = .vault(mount: mount, path: path, member: member)
  }

  /// Reads `name` or `name#member`.
  init?(aws text: String) {
    guard let (name, member) = Self.split(text), name.utf8.count <= 2048 else { return nil }
    self = .aws(name: name, member: member)
  }

  /// As it stands in the file.
  var text: String {
    switch self {
    case .vault(let mount, let path, let member): "vault \(mount)/\(path)#\(member)"
    case .aws(let name, let member): "aws_secret \(name)\(member.map { "#\($0)" } ?? "")"
    }
  }

  private static func split(_ text: String) -> (name: String, member: String?)? {
    guard PlainText.isSingleLine(text) else { return nil }
    let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let name = parts.first, !name.isEmpty, parts.last?.isEmpty == false else { return nil }
    return (name, parts.count == 2 ? parts[1] : nil)
  }

  /// What can stand in a path as it is, and leads nowhere else.
  static func isSegment(_ text: Substring) -> Bool {
    guard !text.isEmpty, text != ".", text != ".." else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
      default: false
      }
    }
  }
}
