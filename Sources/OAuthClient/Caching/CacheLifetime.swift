import StrictCoding

/// How long an answer may be used, from its `Cache-Control` (RFC 9111 §5.2.2), clamped to what we think wise.
struct CacheLifetime: Sendable {
  let minimumMilliseconds: Int64
  let maximumMilliseconds: Int64
  let defaultMilliseconds: Int64

  func milliseconds(for document: FetchedDocument) -> Int64 {
    let values = document.headers.filter { ASCIICase.lowercased($0.name.utf8) == Array("cache-control".utf8) }
    guard !values.isEmpty else { return defaultMilliseconds }
    var lifetime = defaultMilliseconds
    for directive in values.flatMap({ $0.value.utf8.split(separator: UInt8(ascii: ",")) }) {
      let parts = directive.split(separator: UInt8(ascii: "="), maxSplits: 1).map {
        ASCIICase.lowercased(ASCII.trimmed($0))
      }
      guard let name = parts.first else { continue }
      if name == Array("no-store".utf8) || name == Array("no-cache".utf8) { return minimumMilliseconds }
      if name == Array("max-age".utf8), parts.count == 2 {
        let seconds = min(ASCII.decimal(parts[1].filter { $0 != UInt8(ascii: "\"") }) ?? 0, 31_536_000)
        lifetime = seconds * 1000
      }
    }
    return max(minimumMilliseconds, min(maximumMilliseconds, lifetime))
  }
}
