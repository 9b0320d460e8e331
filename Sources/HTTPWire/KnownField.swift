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

/// Finds a known field by its bytes: one slot, one comparison of at most four words.
struct KnownFieldTable: Sendable {
  static let shared = KnownFieldTable()

  /// Bytes of the longest name that has room.
  static let width = 32

  private struct Slot {
    var field: KnownField?
    var length = 0
    /// The name's bytes, eight to a word, and the bits that don't matter: the case of a letter, what is behind the name.
    var name = SIMD4<UInt64>(repeating: ~0)
    var ignored = SIMD4<UInt64>(repeating: ~0)
  }

  private var slots = [Slot](repeating: Slot(), count: 128)

  /// Fields that share a slot with another; a test holds it empty.
  private(set) var collisions: [KnownField] = []

  private init() {
    for field in KnownField.allCases {
      let name = Array(field.rawValue.utf8)
      let slot = Self.slot(name.span, 0, name.count)
      if slots[slot].field != nil || name.count > Self.width { collisions.append(field) }
      slots[slot] = Slot(field: field, length: name.count)
      for (index, byte) in name.enumerated() {
        let isLetter = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
        let place = UInt64(index % 8 * 8)
        slots[slot].name[index / 8] ^= UInt64(~byte) << place
        slots[slot].ignored[index / 8] ^= UInt64(isLetter ? ~0x20 : 0xFF as UInt8) << place
      }
    }
  }

  /// The field that is named by `bytes[start..<end]`, letters in any case.
  func field(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> KnownField? {
    let length = end &- start
    guard start >= 0, length > 0, length <= Self.width, end <= bytes.count else { return nil }
    let index = Self.slot(bytes, start, end)
    return slots.withUnsafeBufferPointer { slots in
      let slot = slots[index]
      guard slot.length == length else { return nil }
      var word = 0
      while word &* 8 < length {
        let found = Self.word(bytes, at: start &+ word &* 8)
        if found | slot.ignored[word] != slot.name[word] { return nil }
        word &+= 1
      }
      return slot.field
    }
  }

  /// Eight bytes, or as many as there are.
  @inline(__always)
  private static func word(_ bytes: Span<UInt8>, at start: Int) -> UInt64 {
    if start &+ 8 <= bytes.count {
      return UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start, as: UInt64.self))
    }
    var word: UInt64 = 0
    for index in start..<bytes.count { word |= UInt64(bytes[index]) << UInt64((index &- start) &* 8) }
    return word
  }

  @inline(__always)
  private static func slot(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    let length = end &- start
    let first = Int(bytes[start] | 0x20)
    let last = Int(bytes[end &- 1] | 0x20)
    let middle = Int(bytes[start &+ length / 2] | 0x20)
    return (length &+ first &+ 3 &* last &+ 13 &* middle) & 127
  }
}
