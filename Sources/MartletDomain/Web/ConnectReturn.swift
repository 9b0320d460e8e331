import StrictCoding

/// Where a login leads back to that began because somebody wanted to connect an account: a page of ours whose parts were
/// checked, never an address out of a parameter (V-026).
public struct ConnectReturn: Sendable, Hashable {
  /// What the forms of a login are proven for.
  public static let formPurpose = "login"

  private static let prefix = "connect"

  /// The server.
  public let server: ServerName
  /// The link's ticket.
  public let ticket: String?

  /// Names a page; a ticket that can't be one is left out.
  public init(server: ServerName, ticket: String?) {
    self.server = server
    self.ticket = ticket.flatMap { Self.isTicket($0) ? $0 : nil }
  }

  /// Reads it back from the `transaction` of a login.
  ///
  /// - Returns: `nil` for any other transaction.
  public init?(transaction: String) {
    let parts = transaction.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      .map { ByteString(Array($0)) }
    guard parts.count == 3, parts[0] == ByteString(Self.prefix), Self.isServer(parts[1].bytes) else { return nil }
    self.init(server: ServerName(parts[1]), ticket: parts[2].bytes.isEmpty ? nil : parts[2].string)
  }

  /// As the `transaction` of a login.
  public var transaction: TransactionID { TransactionID("\(Self.prefix):\(server):\(ticket ?? "")") }

  /// Where to log in.
  public var loginPath: String {
    "/login?transaction=" + PercentCoding.encodeComponent(bytes: transaction.value.bytes)
  }

  /// The page.
  public var path: String { "/connect/\(server)" + (ticket.map { "?ticket=\($0)" } ?? "") }

  private static func isServer(_ bytes: [UInt8]) -> Bool {
    (1...64).contains(bytes.count)
      && bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isTicket(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
          || byte == UInt8(ascii: "_")
      }
  }
}
