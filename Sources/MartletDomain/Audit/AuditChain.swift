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

/// A trail's end while records are added to it: what ``AuditHead`` says, without memory of its own.
public struct AuditEnd: Sendable {
  /// The number of the last record.
  public private(set) var sequence: Int64
  /// The digest that stands for everything up to it.
  public private(set) var digest: InlineDigest

  /// Goes on from there.
  public init(_ head: AuditHead) {
    sequence = head.sequence
    digest = head.digest.withUnsafeBytes { InlineDigest($0) }
  }

  /// What is to be remembered of it.
  public var head: AuditHead { AuditHead(sequence: sequence, digest: digest.withBytes { Array($0) }) }

  fileprivate mutating func move(to code: HMAC<SHA256>.MAC) {
    sequence += 1
    digest = code.withUnsafeBytes { InlineDigest($0) }
  }
}

/// Links the records of a tenant's trail, so that none can be altered, added or taken out unseen by someone who has the
/// store but not the installation's key.
public struct AuditChain: Sendable {
  /// With the key already in it, which is half of the work of a short record.
  private let keyed: HMAC<SHA256>

  /// Uses a key that is kept apart from the store.
  public init(key: SymmetricKey) { keyed = HMAC(key: key) }

  /// Moves a trail's end behind one more record: HMAC-SHA-256 over the digest before, the new number and the record's
  /// bytes, each of which has one form only.
  public func move(_ end: inout AuditEnd, behind record: AuditRecordView) {
    var code = keyed
    let bytes = record.bytes
    withUnsafeTemporaryAllocation(byteCount: 40 + bytes.count, alignment: 8) { place in
      end.digest.withBytes { place.copyMemory(from: $0) }
      place.storeBytes(of: (end.sequence + 1).bigEndian, toByteOffset: 32, as: Int64.self)
      UnsafeMutableRawBufferPointer(rebasing: place[40...]).copyMemory(from: bytes)
      code.update(data: UnsafeRawBufferPointer(place))
    }
    end.move(to: code.finalize())
  }

  /// The head after one more record.
  public func head(after head: AuditHead, adding event: borrowing AuditEvent) -> AuditHead {
    var batch = AuditBatch()
    batch.append(event)
    var end = AuditEnd(head)
    batch.withRecords { move(&end, behind: $0[0]) }
    return end.head
  }
}
