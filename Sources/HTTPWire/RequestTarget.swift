/// The parts of a request target (RFC 9112 §3.2).
public struct RequestTarget: Sendable {
  /// The authority of an absolute target; `nil` for the usual form.
  public let authority: ArraySlice<UInt8>?
  /// The path; `*` and the authority form are paths that nobody has.
  public let path: ArraySlice<UInt8>
  /// What is behind `?`; empty for none.
  public let query: ArraySlice<UInt8>

  /// Takes a target apart.
  public init(_ target: ArraySlice<UInt8>) {
    var rest = target
    var authority: ArraySlice<UInt8>?
    if let length = Self.schemeLength(target) {
      rest = target.dropFirst(length)
      let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
      authority = rest[..<end]
      rest = rest[end...]
    }
    let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
    // An absolute target without a path means the root (RFC 9110 §4.2.3).
    path = authority != nil && mark == rest.startIndex ? [UInt8(ascii: "/")] : rest[..<mark]
    query = rest[mark...].dropFirst()
    self.authority = authority
  }

  /// Whether `http://` or `https://` stands at the beginning, and how long it is.
  private static func schemeLength(_ target: ArraySlice<UInt8>) -> Int? {
    guard let first = target.first, first != UInt8(ascii: "/") else { return nil }
    for scheme in ["http://", "https://"] as [StaticString] {
      let length = scheme.utf8CodeUnitCount
      let agrees = scheme.withUTF8Buffer { wanted in
        target.count >= length && zip(target, wanted).allSatisfy { ByteClass.lower($0) == $1 }
      }
      if agrees { return length }
    }
    return nil
  }

  /// Whether a target has one of the four forms, and one that goes with the method. An authority has no user in it.
  static func isKnownForm(_ bytes: Span<UInt8>, _ range: Range<Int>, method: String) -> Bool {
    let first = bytes[range.lowerBound]
    if first == UInt8(ascii: "/") { return method != "CONNECT" }
    if first == UInt8(ascii: "*") { return range.count == 1 && method != "CONNECT" }
    let target = bytes.extracting(range).withUnsafeBufferPointer { Array($0)[...] }
    if method == "CONNECT" { return target.allSatisfy(isAuthority) }
    guard let authority = RequestTarget(target).authority else { return false }
    return !authority.isEmpty && authority.allSatisfy(isAuthority)
  }

  private static func isAuthority(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
      true
    default: false
    }
  }
}
