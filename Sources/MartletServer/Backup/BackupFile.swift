import MartletDomain
import StrictCoding

/// A copy of the database under the installation's key. The key isn't in it.
///
/// One line that says what it is, one of JSON that says when it was made and under which key, then the sealed database. The
/// lines are authenticated with it.
public struct BackupFile: Sendable {
  /// When it was made.
  public let createdAt: Timestamp
  /// The name of the key that opens it.
  public let keyName: String
  private let sealed: [UInt8]

  private static let title = Array("martlet-backup 1\n".utf8)
  /// A line of JSON is no longer than this.
  private static let longestLine = 512

  /// Seals a database.
  init(database: [UInt8], at now: Timestamp, sealer: Sealer) throws(SealError) {
    createdAt = now
    keyName = sealer.keyName
    sealed = try sealer.seal(database, in: Self.context(now))
  }

  /// Reads a file.
  ///
  /// - Returns: `nil` where it isn't one.
  public init?(bytes: [UInt8]) {
    guard bytes.starts(with: Self.title) else { return nil }
    let rest = bytes.dropFirst(Self.title.count)
    guard let end = rest.prefix(Self.longestLine).firstIndex(of: 0x0A),
      let head = (try? JSONReader.parse(Array(rest[..<end])))?.objectValue,
      let createdAt = head["created_at"]?.int64Value, let keyName = head["key"]?.stringValue
    else { return nil }
    self.createdAt = Timestamp(milliseconds: createdAt)
    self.keyName = keyName
    sealed = Array(rest[(end + 1)...])
  }

  /// The file.
  public var bytes: [UInt8] {
    let head: JSONObject = [
      "created_at": .number(JSONNumber(createdAt.milliseconds)), "key": .string(keyName),
    ]
    return Self.title + JSONWriter.write(.object(head)) + [0x0A] + sealed
  }

  /// Opens it.
  func database(_ sealer: Sealer) throws(SealError) -> [UInt8] { try sealer.open(sealed, in: Self.context(createdAt)) }

  private static func context(_ time: Timestamp) -> SealContext {
    SealContext(
      tenant: .default, record: "backup", id: Array(String(time.milliseconds).utf8), column: "database")
  }
}
