import StrictCoding

/// Reads `master_key`: the key itself, or who wraps it.
struct MasterKeyReader {
  let root: ConfigurationSection
  /// `nil` where secrets aren't read.
  let managers: SecretManagers?

  func read() -> MasterKeySource {
    guard root.has("master_key") else { return .ownFile }
    if root.node("master_key")?.mapping != nil {
      let section = root.section("master_key")
      if section.has("aws_kms") || section.has("vault_transit") { return service(section) }
    }
    guard let text = root.secret("master_key", isAlwaysRead: true) else { return .unread }
    guard let keys = MasterKeySource.keys(text) else {
      root.problem(
        "master_key", "is no key",
        "32 random bytes in base64, such as `openssl rand -base64 32` makes; several apart by spaces")
      return .unread
    }
    return .given(keys)
  }

  private func service(_ section: ConfigurationSection) -> MasterKeySource {
    guard section.names.count == 1 else {
      root.problem("master_key", "must name one source", "write {aws_kms: KEY} or {vault_transit: MOUNT/KEY}")
      return .unread
    }
    guard let kind = section.has("aws_kms") ? aws(section) : transit(section) else { return .unread }
    guard let managers else { return .unread }
    let isThere = if case .awsKMS = kind { managers.aws != nil } else { managers.vault != nil }
    guard isThere else {
      let missing = section.has("aws_kms") ? "secrets.aws" : "secrets.vault"
      root.problem("master_key", "needs \(missing)", "say there whom to ask, and with what")
      return .unread
    }
    return .wrappedBy(WrappingKey(kind: kind, managers: managers))
  }

  private func aws(_ section: ConfigurationSection) -> WrappingKey.Kind? {
    guard let key = section.string("aws_kms") else { return nil }
    guard !key.isEmpty, key.utf8.count <= 2048, PlainText.isSingleLine(key) else {
      section.problem("aws_kms", "names no key", "for example alias/martlet, or the key's ARN")
      return nil
    }
    return .awsKMS(key)
  }

  private func transit(_ section: ConfigurationSection) -> WrappingKey.Kind? {
    guard let text = section.string("vault_transit") else { return nil }
    guard let slash = text.lastIndex(of: "/") else {
      section.problem("vault_transit", "names no key", "for example transit/martlet")
      return nil
    }
    let (mount, key) = (text[..<slash], text[text.index(after: slash)...])
    let segments = mount.split(separator: "/", omittingEmptySubsequences: false) + [key]
    guard segments.allSatisfy({ SecretReference.isSegment($0) }) else {
      section.problem("vault_transit", "names no key", "for example transit/martlet")
      return nil
    }
    return .vaultTransit(mount: String(mount), key: String(key))
  }
}
