import Foundation
import StrictCoding

/// `master.key.wrapped` in `data_dir`: the installation's keys as a key service wrapped them, the sealing one first.
struct WrappedKeyFile {
  /// One key.
  struct Entry {
    /// Its name, which tells nothing about it.
    let name: String
    /// What the key service opens.
    let wrapped: String
    /// The same key sealed under the one behind it, for processes that know that one; gone when the rotation ends.
    var passedOn: [UInt8]?
  }

  static let name = "master.key.wrapped"
  private static let most = 4

  let path: String

  var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// Reads all of it.
  ///
  /// - Throws: `InstallationError`.
  func read() throws(InstallationError) -> [Entry] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InstallationError(
        "can't read \(path)", advice: "Check who owns it: Martlet's user must be able to read it.")
    }
    let entries = (try? JSONReader.parse(Array(data)))?["keys"]?.arrayValue?.map(Self.entry) ?? []
    let whole = entries.compactMap { $0 }
    guard (1...Self.most).contains(whole.count), whole.count == entries.count else {
      throw InstallationError("\(path) is not what Martlet wrote", advice: "Put it back from your backup.")
    }
    return whole
  }

  /// What is written.
  static func bytes(_ entries: [Entry]) -> [UInt8] {
    let keys = entries.map { entry -> JSONValue in
      var object: JSONObject = ["name": .string(entry.name), "wrapped": .string(entry.wrapped)]
      if let passedOn = entry.passedOn { object["passed_on"] = .string(Base64URL.encode(passedOn)) }
      return .object(object)
    }
    return JSONWriter.write(["keys": .array(keys)], pretty: true) + [0x0A]
  }

  private static func entry(_ value: JSONValue) -> Entry? {
    guard let name = value["name"]?.stringValue, let wrapped = value["wrapped"]?.stringValue else { return nil }
    guard let text = value["passed_on"]?.stringValue else { return Entry(name: name, wrapped: wrapped) }
    return Base64URL.decode(text).map { Entry(name: name, wrapped: wrapped, passedOn: $0) }
  }
}
