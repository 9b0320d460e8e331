/// Header fields that have a meaning here. Looking for one of them compares small numbers, not text.
public enum KnownField: String, Sendable, CaseIterable {
  /// The authority that the client meant.
  case host
  /// The length of the body.
  case contentLength = "content-length"
  /// How the body is framed.
  case transferEncoding = "transfer-encoding"
  /// What is meant for this hop only.
  case connection
  /// What the client waits for.
  case expect
  /// Another protocol that is offered; never taken up.
  case upgrade
  /// The credential.
  case authorization
  /// An API key.
  case xAPIKey = "x-api-key"
  /// The type of the body.
  case contentType = "content-type"
  /// The coding of the body.
  case contentEncoding = "content-encoding"
  /// The types that are welcome.
  case accept
  /// The codings that are welcome.
  case acceptEncoding = "accept-encoding"
  /// The languages that are welcome.
  case acceptLanguage = "accept-language"
  /// The page that is calling.
  case origin
  /// The program that is calling.
  case userAgent = "user-agent"
  /// Cookies.
  case cookie
  /// The hops before.
  case xForwardedFor = "x-forwarded-for"
  /// Where a page stands to us.
  case secFetchSite = "sec-fetch-site"
  /// The revision of MCP.
  case mcpProtocolVersion = "mcp-protocol-version"
  /// The legacy session.
  case mcpSessionID = "mcp-session-id"
  /// The mirrored method.
  case mcpMethod = "mcp-method"
  /// The mirrored name.
  case mcpName = "mcp-name"
  /// Where a stream was left.
  case lastEventID = "last-event-id"
  /// W3C trace context.
  case traceparent
  /// W3C trace context.
  case tracestate
  /// Where to go instead.
  case location
  /// What credential is wanted.
  case wwwAuthenticate = "www-authenticate"
  /// How the answer may be kept.
  case cacheControl = "cache-control"
  /// The methods that there are.
  case allow
  /// When to come again.
  case retryAfter = "retry-after"
  /// What the answer depends on.
  case vary
  /// When it was made.
  case date
  /// Who made it.
  case server
  /// How long a connection may idle.
  case keepAlive = "keep-alive"
  /// The trailer fields to come.
  case trailer
  /// Cookies to keep.
  case setCookie = "set-cookie"
  /// The request's id.
  case xRequestID = "x-request-id"
}

/// Finds a known field by its bytes: one slot, one comparison.
struct KnownFieldTable: Sendable {
  static let shared = KnownFieldTable()

  private static let width = 32
  private static let foldedWord: UInt64 = 0x2020_2020_2020_2020
  private var slots = [KnownField?](repeating: nil, count: 128)
  private var names = [UInt8](repeating: 0, count: 128 * Self.width)

  /// Fields that share a slot with another; a test holds it empty.
  private(set) var collisions: [KnownField] = []

  private init() {
    for field in KnownField.allCases {
      let name = Array(field.rawValue.utf8)
      let slot = Self.slot(name.span, 0, name.count)
      if slots[slot] != nil || name.count > Self.width { collisions.append(field) }
      slots[slot] = field
      for (index, byte) in name.enumerated() { names[slot * Self.width + index] = byte }
    }
  }

  /// The field that is named by `bytes[start..<end]`, in any case; the bytes must be token characters.
  func field(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> KnownField? {
    let length = end &- start
    guard length > 0, length < Self.width else { return nil }
    let slot = Self.slot(bytes, start, end)
    guard let field = slots[slot] else { return nil }
    let base = slot &* Self.width
    guard names[base &+ length] == 0 else { return nil }
    let isSame = names.withUnsafeBytes { names in
      let raw = bytes.bytes
      var index = 0
      while index &+ 8 <= length {
        let word = raw.unsafeLoadUnaligned(fromByteOffset: start &+ index, as: UInt64.self) | Self.foldedWord
        if word != names.loadUnaligned(fromByteOffset: base &+ index, as: UInt64.self) { return false }
        index &+= 8
      }
      while index < length {
        if names[base &+ index] != Self.folded(bytes[start &+ index]) { return false }
        index &+= 1
      }
      return true
    }
    return isSame ? field : nil
  }

  /// Letters in lower case. Other token characters may change too, but none of them becomes a letter, a digit or `-`.
  @inline(__always)
  private static func folded(_ byte: UInt8) -> UInt8 { byte | 0x20 }

  @inline(__always)
  private static func slot(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    let length = end &- start
    let first = Int(folded(bytes[start]))
    let last = Int(folded(bytes[end &- 1]))
    let middle = Int(folded(bytes[start &+ length / 2]))
    return (length &+ first &+ 3 &* last &+ 13 &* middle) & 127
  }
}
