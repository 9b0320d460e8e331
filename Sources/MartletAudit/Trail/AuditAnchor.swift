import MartletDomain
import StrictCoding

/// The head of a trail at a moment, kept outside the store: it shows a cut end and an old copy, which the chain alone
/// can't.
public struct AuditAnchor: Hashable, Sendable {
  /// Whose trail.
  public let tenant: TenantID
  /// How far it had come.
  public let head: AuditHead
  /// When.
  public let at: Timestamp

  /// Describes an anchor.
  public init(tenant: TenantID, head: AuditHead, at: Timestamp) {
    self.tenant = tenant
    self.head = head
    self.at = at
  }

  /// As a line of a file: `{"tenant":"default","sequence":12,"digest":"…","at":…}`, times in milliseconds since 1970.
  public var line: [UInt8] {
    let object: JSONObject = [
      "tenant": .string(tenant.string), "sequence": .number(JSONNumber(head.sequence)),
      "digest": .string(Hex.encode(head.digest)), "at": .number(JSONNumber(at.milliseconds)),
    ]
    return JSONWriter.write(.object(object)) + [0x0A]
  }

  /// Reads a line.
  ///
  /// - Returns: `nil` where it isn't one, as after a crash in the midst of writing.
  public init?(line: some Sequence<UInt8>) {
    guard let object = (try? JSONReader.parse(Array(line)))?.objectValue,
      let tenant = object["tenant"]?.stringValue, let sequence = object["sequence"]?.int64Value, sequence > 0,
      let digest = object["digest"]?.stringValue.flatMap({ Hex.decode($0) }), digest.count == 32,
      let at = object["at"]?.int64Value
    else { return nil }
    self.init(
      tenant: TenantID(tenant), head: AuditHead(sequence: sequence, digest: digest), at: Timestamp(milliseconds: at))
  }
}
