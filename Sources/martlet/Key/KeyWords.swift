import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// What the commands about keys have in common.
enum KeyWords {
  static let head = ["name", "owner", "tenant", "opens", "state", "ends", "last used", "key"]

  static func row(_ key: APIKey, _ owners: [UserID: String], at now: Timestamp) -> [String] {
    [
      key.name, key.owner.map { owners[$0] ?? $0.string } ?? "itself", key.tenant.string, APIKeyJSON.words(key.scope),
      APIKeyJSON.state(key, at: now), key.expiresAt.text, key.lastUsedAt?.text ?? "never", "…" + key.lastFour,
    ]
  }

  /// Shows a new key.
  static func show(_ made: (record: APIKey, key: Secret), _ sentence: String, asJSON: Bool) {
    // The one place where it leaves the process.
    let text = ByteString(made.key.expose()).string
    if asJSON {
      var answer = APIKeyJSON.object(made.record, owner: nil, at: made.record.createdAt)
      answer["key"] = .string(text)
      return Terminal.out(.object(answer))
    }
    Terminal.out(sentence)
    Terminal.out("  name   \(made.record.name)")
    Terminal.out("  key    \(text)   (shown this once)")
    Terminal.out("  ends   \(made.record.expiresAt.text)")
  }

  static func failing<Answer>(_ work: () async throws(APIKeyError) -> Answer) async throws -> Answer {
    do { return try await work() } catch {
      if case .store(let error) = error { throw error }
      let (message, advice) = Self.split(error.description)
      throw CommandFailure(message, advice: advice)
    }
  }

  private static func split(_ text: String) -> (String, String) {
    guard let end = text.utf8.firstIndex(of: UInt8(ascii: ";")) else { return (text, "See `martlet key --help`.") }
    return (String(text[..<end]), String(text[text.utf8.index(after: end)...].drop { $0 == " " }))
  }
}
