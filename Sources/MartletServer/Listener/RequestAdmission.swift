import MartletDomain
import MartletProxy
import NIOCore
import NIOHTTP1
import StrictCoding

/// What must hold for any request, whichever plane it is for: one known `Host`, a plain path, no tricks in the framing
/// (S-18).
struct RequestAdmission {
  enum Outcome {
    case admitted(IncomingRequest)
    case refused(status: Int, code: String, description: String)
  }

  let settings: FrontDoorSettings

  func admit(_ head: HTTPRequestHead, peer: String, id: RequestID) -> Outcome {
    // A name with `_` may be read as one with `-` further on (V-064).
    let fields = head.headers.compactMap { name, value -> (name: String, value: String)? in
      name.utf8.contains(UInt8(ascii: "_")) ? nil : (ASCIICase.lowercased(name), Self.trimmed(value))
    }
    let headers = HeaderFields(lowercased: fields)
    if head.version.isBeforeHTTP11, headers.count("transfer-encoding") > 0 {
      return refused(400, "invalid_request", "Transfer-Encoding needs HTTP/1.1.")
    }
    if head.method == .CONNECT || head.method == .TRACE {
      return refused(405, "method_not_allowed", "This method is not available.")
    }
    guard head.uri.utf8.count <= FrontDoorLimits.targetBytes else {
      return refused(414, "uri_too_long", "The request target is longer than \(FrontDoorLimits.targetBytes) bytes.")
    }
    let (path, query) = Self.split(head.uri)
    guard Self.isPlain(path) else { return refused(404, "not_found", "There is nothing at this path.") }
    if !Self.isProbe(path) {
      guard headers.count("host") == 1, let host = headers.first("host") else {
        return refused(400, "invalid_request", "Send exactly one Host header.")
      }
      guard settings.accepts(host: host) else {
        return refused(421, "misdirected_request", "This host is not served here; see public_url and allowed_hosts.")
      }
    }
    let address = settings.clientAddress(peer: peer, forwarded: headers.values("x-forwarded-for"))
    return .admitted(
      IncomingRequest(
        method: head.method.rawValue, path: path, query: query, headers: headers, address: address, id: id,
        arrivedAt: .now()))
  }

  /// Without the white space after it, which belongs to the message, not to the value (RFC 9110 §5.5); the codec keeps
  /// it.
  private static func trimmed(_ value: String) -> String {
    let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    guard let last = value.utf8.last, isSpace(last) else { return value }
    var rest = value.utf8[...]
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return String(decoding: Array(rest), as: UTF8.self)
  }

  private func refused(_ status: Int, _ code: String, _ description: String) -> Outcome {
    .refused(status: status, code: code, description: description)
  }

  /// Health probes come from load balancers, which know us by address.
  private static func isProbe(_ path: String) -> Bool { path == "/healthz" || path == "/readyz" }

  static func split(_ target: String) -> (path: String, query: String) {
    let bytes = target.utf8
    guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else { return (target, "") }
    return (String(target[..<mark]), String(target[bytes.index(after: mark)...]))
  }

  /// Our paths need no escapes: whatever has some, or empty or dot segments, is none of ours (V-065).
  private static func isPlain(_ path: String) -> Bool {
    guard path.utf8.first == UInt8(ascii: "/") else { return false }
    var previous = UInt8(ascii: " ")
    var segmentIsDots = true
    for byte in path.utf8.dropFirst() {
      switch byte {
      case UInt8(ascii: "/"):
        if previous == byte || previous == UInt8(ascii: " ") { return false }
        if segmentIsDots { return false }
        segmentIsDots = true
      case UInt8(ascii: "."): break
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"):
        segmentIsDots = false
      default: return false
      }
      previous = byte
    }
    return !(segmentIsDots && previous == UInt8(ascii: "."))
  }
}

extension HTTPVersion {
  /// Whether the client speaks HTTP/1.0: no chunks, and the connection ends with the answer.
  var isBeforeHTTP11: Bool { major < 1 || (major == 1 && minor < 1) }
}
