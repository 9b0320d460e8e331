import Crypto
import StrictCoding

/// How far a tenant's trail has come: the number of its last record, and the digest that stands for everything up to it.
public struct AuditHead: Hashable, Sendable {
  /// The number of the record; 0 before the first.
  public let sequence: Int64
  /// 32 bytes.
  public let digest: [UInt8]

  /// Describes a head.
  public init(sequence: Int64, digest: [UInt8]) {
    self.sequence = sequence
    self.digest = digest
  }

  /// Before the first record.
  public static let beginning = AuditHead(sequence: 0, digest: [UInt8](repeating: 0, count: 32))
}

/// Links the records of a tenant's trail, so that none can be altered, added or taken out unseen by someone who has the
/// store but not the installation's key.
public struct AuditChain: Sendable {
  /// With the key already in it, which is half of the work of a short record.
  private let keyed: HMAC<SHA256>

  /// Uses a key that is kept apart from the store.
  public init(key: SymmetricKey) { keyed = HMAC(key: key) }

  /// The head after one more record.
  public func head(after head: AuditHead, adding entry: AuditEntry) -> AuditHead {
    self.head(after: head, adding: entry.event)
  }

  /// The head after one more record: HMAC-SHA-256 over the digest before, the new number and the record's bytes, each of
  /// which has one form only.
  public func head(after head: AuditHead, adding event: AuditEvent) -> AuditHead {
    let sequence = head.sequence + 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(640)
    bytes += head.digest
    withUnsafeBytes(of: sequence.bigEndian) { bytes.append(contentsOf: $0) }
    event.appendCanonicalBytes(to: &bytes)
    var code = keyed
    code.update(data: bytes)
    return AuditHead(sequence: sequence, digest: code.finalize().withUnsafeBytes { Array($0) })
  }
}

extension AuditEvent {
  /// The record as bytes that mean exactly this record: fields in one order, each behind its length, or a mark where it
  /// is absent. What is added later goes to the end and only where it is there, so that old records keep their bytes.
  func appendCanonicalBytes(to bytes: inout [UInt8]) {
    bytes.append(1)
    bytes.appendField(tenant.value.bytes)
    bytes.appendField(at.milliseconds)
    bytes.appendField(action.rawValue)
    bytes.appendField(flow?.value.bytes)
    bytes.appendField(request?.value.bytes)
    bytes.appendField(subject)
    bytes.appendField(client?.value.bytes)
    bytes.appendField(route)
    bytes.appendField(method)
    bytes.appendField(target)
    bytes.appendField(status.map { Int64($0) })
    bytes.appendField(reason)
    bytes.appendField(duration?.wholeNanoseconds)
    bytes.appendField(address)
    // Behind a mark of its own, so that no other addition can read the same.
    if let key {
      bytes.append(3)
      bytes.appendField(key)
    }
    if let trace {
      bytes.append(4)
      bytes.appendField(trace)
    }
  }
}

extension [UInt8] {
  fileprivate mutating func appendField(_ field: [UInt8]?) {
    guard let field else { return append(0) }
    field.withUnsafeBufferPointer { appendField($0) }
  }

  fileprivate mutating func appendField(_ text: String?) {
    guard var text else { return append(0) }
    text.withUTF8 { appendField($0) }
  }

  private mutating func appendField(_ field: UnsafeBufferPointer<UInt8>) {
    append(1)
    Swift.withUnsafeBytes(of: UInt32(truncatingIfNeeded: field.count).bigEndian) { append(contentsOf: $0) }
    append(contentsOf: field)
  }

  fileprivate mutating func appendField(_ number: Int64?) {
    guard let number else { return append(0) }
    append(2)
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }
}
