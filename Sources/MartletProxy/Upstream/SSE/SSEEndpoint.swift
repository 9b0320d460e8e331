import OAuthProtocol
import StrictCoding

/// The URL that an `endpoint` event names: a reference relative to the stream's URL (RFC 3986 §5.2), on the very same
/// origin. Any other could send what is meant for this server somewhere else (V-037).
enum SSEEndpoint {
  /// Resolves a reference.
  ///
  /// - Parameters:
  ///   - data: The data of the event.
  ///   - base: The URL of the stream.
  /// - Returns: `nil` for what is no URL, has a fragment, or leaves the origin.
  static func resolve(_ data: [UInt8], against base: AbsoluteURL) -> AbsoluteURL? {
    guard !data.isEmpty, data.count <= 2048, let reference = String(validating: data, as: UTF8.self) else { return nil }
    let target: String
    if data.starts(with: "//".utf8) {
      target = "\(base.scheme.rawValue):\(reference)"
    } else if hasScheme(data) {
      target = reference
    } else {
      target = base.origin.string + requestTarget(data, base)
    }
    guard let url = try? AbsoluteURL(parsing: target), url.fragment == nil, url.origin == base.origin else {
      return nil
    }
    return url
  }

  private static func hasScheme(_ data: [UInt8]) -> Bool {
    guard let colon = data.firstIndex(of: UInt8(ascii: ":")) else { return false }
    // A colon further on belongs to a path or a query.
    return !data[..<colon].contains { [UInt8]("/?#".utf8).contains($0) }
  }

  private static func requestTarget(_ data: [UInt8], _ base: AbsoluteURL) -> String {
    let end = data.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? data.endIndex
    let path = data[..<end]
    let rest = data[end...]
    let basePath = Array(base.path.isEmpty ? "/".utf8 : base.path.utf8)
    let merged: [UInt8]
    if path.isEmpty {
      merged = basePath
    } else if path.first == UInt8(ascii: "/") {
      merged = Array(path)
    } else {
      merged = Array(basePath[...(basePath.lastIndex(of: UInt8(ascii: "/")) ?? 0)]) + path
    }
    return String(decoding: withoutDots(merged) + rest, as: UTF8.self)
  }

  /// RFC 3986 §5.2.4.
  private static func withoutDots(_ path: [UInt8]) -> [UInt8] {
    var kept: [ArraySlice<UInt8>] = []
    let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      if segment.elementsEqual(".".utf8) {
        if isLast { kept.append([]) }
      } else if segment.elementsEqual("..".utf8) {
        _ = kept.popLast()
        if isLast { kept.append([]) }
      } else {
        kept.append(segment)
      }
    }
    return kept.reduce(into: []) { $0 += [UInt8(ascii: "/")] + $1 }
  }
}
