import Crypto
import MCPProtocol
import MartletDomain
import StrictCoding

/// A place in a stream of a legacy session, and what is needed to go on from there when this process knows nothing of it
/// any more.
struct EventPoint: Sendable, Equatable {
  let stream: StreamName
  let sequence: Int
  /// The call that the stream answers.
  var request: JSONRPCID?
  /// The upstream's own id of the event.
  var upstreamID: String?
  /// The upstream's session that gave it.
  var upstreamSession: String?
}

/// Event ids of our own: `stream.sequence`, and sealed behind it what the client need not know and must not choose. An id
/// is bound to its session, and so to its principal: elsewhere it opens nothing.
struct EventIDs: Sendable {
  let sealer: Sealer

  /// Writes an id.
  ///
  /// - Parameter session: The session that the stream belongs to.
  func encode(_ point: EventPoint, of session: MCPSession) -> String {
    let place = "\(point.stream.text).\(point.sequence)"
    var hidden = JSONObject()
    if let request = point.request { hidden["r"] = request.json }
    if let id = point.upstreamID {
      hidden["u"] = .string(id)
      hidden["s"] = .string(Self.fingerprint(session.upstreamSession))
    }
    guard !hidden.isEmpty, let sealed = try? sealer.seal(JSONWriter.write(.object(hidden)), in: context(place, session))
    else { return place }
    return place + "." + Base64URL.encode(sealed)
  }

  /// Reads an id.
  ///
  /// - Returns: `nil` for anything that `encode` didn't write for this very session. `upstreamID` is left out where the
  ///   upstream's session is another by now.
  func decode(_ text: String, of session: MCPSession) -> EventPoint? {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let stream = StreamName(parts[0]), (1...18).contains(parts[1].count),
      parts[1].first != UInt8(ascii: "0"), parts[1].allSatisfy({ (0x30...0x39).contains($0) }),
      let sequence = Int(Substring(parts[1]))
    else { return nil }
    var point = EventPoint(stream: stream, sequence: sequence)
    guard parts.count == 3 else { return stream.kind == .standing ? point : nil }
    guard let sealed = Base64URL.decode(Array(parts[2])),
      let opened = try? sealer.open(sealed, in: context("\(stream.text).\(sequence)", session)),
      let hidden = try? JSONReader.parse(opened).objectValue
    else { return nil }
    point.request = JSONRPCID(request: hidden["r"])
    if let given = hidden["s"]?.stringValue, given.utf8.elementsEqual(Self.fingerprint(session.upstreamSession).utf8) {
      point.upstreamID = hidden["u"]?.stringValue
      point.upstreamSession = session.upstreamSession
    }
    return point
  }

  private func context(_ place: String, _ session: MCPSession) -> SealContext {
    SealContext(tenant: session.binding.tenant, record: "event_id", id: session.digest.bytes, column: place)
  }

  private static func fingerprint(_ session: String?) -> String {
    Base64URL.encode(SHA256.hash(data: Array((session ?? "").utf8)).prefix(9))
  }
}
