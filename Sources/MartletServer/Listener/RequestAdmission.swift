import HTTPWire
import MartletDomain
import MartletProxy
import NIOCore
import StrictCoding

/// What must hold for any request, whichever plane it is for: one known `Host`, a plain path (S-18).
struct RequestAdmission {
  enum Outcome {
    case admitted(IncomingRequest)
    case refused(status: Int, code: String, description: String)
  }

  let settings: FrontDoorSettings

  func admit(_ head: RequestHead, peer: String, id: RequestID) -> Outcome {
    if head.method == "CONNECT" || head.method == "TRACE" {
      return refused(405, "method_not_allowed", "This method is not available.")
    }
    guard head.target.count <= FrontDoorLimits.targetBytes else {
      return refused(414, "uri_too_long", "The request target is longer than \(FrontDoorLimits.targetBytes) bytes.")
    }
    let target = RequestTarget(head.target)
    guard Self.isPlain(target.path) else { return refused(404, "not_found", "There is nothing at this path.") }
    let path = String(decoding: target.path, as: UTF8.self)
    let isProbe = Self.isProbe(path) && target.authority == nil
    guard !settings.demandsProxy || isProbe || path == "/metrics" || settings.isTrusted(peer) else {
      return refused(403, "plain_http", "Plain HTTP is taken from declared proxies only; see tls and trusted_proxies.")
    }
    let (named, hosts) = head.fields.tally(.host)
    guard hosts == 1 || (isProbe && hosts == 0) else {
      return refused(400, "invalid_request", "Send exactly one Host header.")
    }
    let host = named ?? ""
    // Whoever looks at one of them only must not see another request than we do.
    if let authority = target.authority, !ASCIICase.equal(String(decoding: authority, as: UTF8.self), host) {
      return refused(400, "invalid_request", "The target and the Host header name different hosts.")
    }
    guard isProbe || settings.accepts(host: host) else {
      return refused(421, "misdirected_request", "This host is not served here; see public_url and allowed_hosts.")
    }
    return .admitted(
      IncomingRequest(
        method: head.method, path: path, query: String(decoding: target.query, as: UTF8.self), headers: head.fields,
        address: settings.clientAddress(peer: peer, forwarded: head.fields), id: id, arrivedAt: .now()))
  }

  private func refused(_ status: Int, _ code: String, _ description: String) -> Outcome {
    .refused(status: status, code: code, description: description)
  }

  /// Health probes come from load balancers, which know us by address.
  private static func isProbe(_ path: String) -> Bool { path == "/healthz" || path == "/readyz" }

  /// Our paths need no escapes: whatever has some, or empty or dot segments, is none of ours (V-065).
  private static func isPlain(_ path: ArraySlice<UInt8>) -> Bool {
    guard path.first == UInt8(ascii: "/") else { return false }
    var previous = UInt8(ascii: " ")
    var segmentIsDots = true
    for byte in path.dropFirst() {
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
