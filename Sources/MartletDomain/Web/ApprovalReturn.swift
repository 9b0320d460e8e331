import StrictCoding

/// Where a login leads back to that began because somebody opened a page about approvals: a page of ours whose parts
/// were checked, never an address out of a parameter (V-026).
public struct ApprovalReturn: Sendable, Hashable {
  private static let prefix = "approvals"

  /// The approval; `nil` for the list.
  public let id: ApprovalID?

  /// Names a page; an id that can't be one leads to the list.
  public init(_ id: ApprovalID?) { self.id = id.flatMap { Self.isID($0.value.bytes) ? $0 : nil } }

  /// Reads it back from the `transaction` of a login.
  ///
  /// - Returns: `nil` for any other transaction.
  public init?(transaction: String) {
    let parts = transaction.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      .map { ByteString(Array($0)) }
    guard parts.count == 2, parts[0] == ByteString(Self.prefix) else { return nil }
    self.init(parts[1].bytes.isEmpty ? nil : ApprovalID(parts[1]))
  }

  /// As the `transaction` of a login.
  public var transaction: TransactionID { TransactionID("\(Self.prefix):\(id?.string ?? "")") }

  /// Where to log in.
  public var loginPath: String {
    "/login?transaction=" + PercentCoding.encodeComponent(bytes: transaction.value.bytes)
  }

  /// The page.
  public var path: String { "/approvals" + (id.map { "/\($0)" } ?? "") }

  private static func isID(_ bytes: [UInt8]) -> Bool {
    (1...64).contains(bytes.count)
      && bytes.allSatisfy { byte in
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
          || byte == UInt8(ascii: "_")
      }
  }
}
