import StrictCoding

extension RedirectURIGrammar {
  /// Checks path and query of a redirect URI.
  static func check(tail bytes: ArraySlice<UInt8>) throws(RedirectURIError) {
    let tail: URLTail
    do {
      tail = try URLTail(parsing: bytes)
    } catch {
      throw error == .percentEncoding ? .percentEncoding : .character
    }
    try check(path: Array(tail.path))
    if let query = tail.query { try check(query: Array(query)) }
  }

  private static func check(path: [UInt8]) throws(RedirectURIError) {
    if path.contains(UInt8(ascii: ";")) { throw .path }
    let decoded = PathSegments.decode(path)
    if decoded.count != path.count {
      // What an escape may hide: separators, `%` itself (double encoding), controls, overlong dots.
      let plainHidden = UInt8(ascii: "%")
      guard decoded.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != plainHidden }) else {
        throw .percentEncoding
      }
      let separators: [UInt8] = Array("/;?#@:*".utf8)
      for separator in separators where count(separator, in: decoded) != count(separator, in: path) {
        throw .percentEncoding
      }
    }
    if PathSegments.hasDots(path) { throw .dotSegment }
    for index in path.indices.dropLast() where path[index] == UInt8(ascii: "/") {
      if path[index + 1] == UInt8(ascii: "/") { throw .path }
    }
  }

  private static func check(query: [UInt8]) throws(RedirectURIError) {
    let decoded = PathSegments.decode(query)
    guard decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else { throw .percentEncoding }
    for pair in query.split(separator: UInt8(ascii: "&")) {
      let name = PathSegments.decode(Array(pair.prefix { $0 != UInt8(ascii: "=") }))
      if responseParameters.contains(ByteString(name)) { throw .reservedParameter }
    }
  }

  private static func count(_ byte: UInt8, in bytes: [UInt8]) -> Int {
    bytes.reduce(0) { $0 + ($1 == byte ? 1 : 0) }
  }

  /// A registered `?code=…` would reach the client before ours does.
  private static let responseParameters: Set<ByteString> = [
    "code", "state", "iss", "error", "error_description", "error_uri", "access_token", "token_type", "expires_in",
    "scope", "id_token", "session_state", "response",
  ]
}
