import StrictCoding

/// Where a login leads back to that began because somebody wanted to type a program's code: a page of ours, with the
/// code where the link held one.
public struct DeviceReturn: Sendable, Hashable {
  private static let prefix = "device:"

  /// The code, as the link held it.
  public let userCode: String?

  /// Names the page; what can't be a code is left out.
  public init(userCode: String?) {
    self.userCode = userCode.flatMap { Self.isCode($0) ? $0 : nil }
  }

  /// Reads it back from the `transaction` of a login.
  ///
  /// - Returns: `nil` for any other transaction.
  public init?(transaction: String) {
    guard transaction.utf8.starts(with: Self.prefix.utf8) else { return nil }
    let code = ByteString(Array(transaction.utf8.dropFirst(Self.prefix.utf8.count))).string
    guard code.utf8.isEmpty || Self.isCode(code) else { return nil }
    userCode = code.utf8.isEmpty ? nil : code
  }

  /// As the `transaction` of a login.
  public var transaction: TransactionID { TransactionID(Self.prefix + (userCode ?? "")) }

  /// Where to log in.
  public var loginPath: String {
    "/login?transaction=" + PercentCoding.encodeComponent(bytes: transaction.value.bytes)
  }

  /// The page.
  public var path: String { "/device" + (userCode.map { "?user_code=\($0)" } ?? "") }

  private static func isCode(_ text: String) -> Bool {
    (1...16).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || $0 == UInt8(ascii: "-") }
  }
}
