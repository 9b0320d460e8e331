import StrictCoding

/// Typed access to the members of client metadata. Null and empty text count as absent.
struct ClientMetadataFields {
  let object: JSONObject

  /// A text member.
  func string(_ name: String) throws(OAuthError) -> String? {
    guard let value = object[name], value != .null else { return nil }
    guard let text = value.stringValue else { throw wrongType(name, "a string") }
    guard text.utf8.count <= 8192 else { throw OAuthError(.invalidClientMetadata, "\(name) is too long") }
    return text.isEmpty ? nil : text
  }

  /// A member that is a list of texts.
  func strings(
    _ name: String, limit: Int, error code: OAuthErrorCode = .invalidClientMetadata
  ) throws(OAuthError) -> [String] {
    guard let value = object[name], value != .null else { return [] }
    guard let array = value.arrayValue else { throw wrongType(name, "an array of strings") }
    guard array.count <= limit else { throw OAuthError(code, "\(name) has more than \(limit) entries") }
    var strings: [String] = []
    for element in array {
      guard let text = element.stringValue else { throw wrongType(name, "an array of strings") }
      strings.append(text)
    }
    return strings
  }

  /// A member that is an https link; any other text is dropped (V-050e).
  func link(_ name: String) throws(OAuthError) -> String? {
    try string(name).flatMap { Self.isLink($0) ? $0 : nil }
  }

  /// A member that is a key set.
  func keySet(_ name: String) throws(OAuthError) -> JSONWebKeySet? {
    guard let value = object[name], value != .null else { return nil }
    do {
      return try JSONWebKeySet(json: value)
    } catch {
      throw OAuthError(.invalidClientMetadata, "\(name) must be a JSON Web Key Set", reason: "\(error)")
    }
  }

  /// Names and links with a language tag, `member#tag`.
  func localized() -> [String: String] {
    let links = ["client_uri", "logo_uri", "policy_uri", "tos_uri"]
    var found: [String: String] = [:]
    for (key, value) in object.members where found.count < 32 && key.utf8.contains(UInt8(ascii: "#")) {
      let parts = key.utf8.split(separator: UInt8(ascii: "#"), maxSplits: 1, omittingEmptySubsequences: false)
      guard let base = parts.first.map({ ASCII.string($0) }), let tag = parts.last, let text = value.stringValue else {
        continue
      }
      let isTag = !tag.isEmpty && tag.count <= 35 && tag.allSatisfy { ASCII.isAlphanumeric($0) || $0 == 0x2D }
      guard isTag else { continue }
      if base == "client_name", let name = DisplayText.cleaned(text) { found[key] = name }
      if links.contains(base), Self.isLink(text) { found[key] = text }
    }
    return found
  }

  private static func isLink(_ text: String) -> Bool {
    guard text.utf8.count <= 2048, let url = try? AbsoluteURL(parsing: text) else { return false }
    return url.scheme == .https
  }

  private func wrongType(_ name: String, _ expected: String) -> OAuthError {
    OAuthError(.invalidClientMetadata, "\(name) must be \(expected)")
  }
}
