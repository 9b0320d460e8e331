import MartletDomain
import MartletServer
import StrictCoding

/// Servers that a command names.
enum ServerNames {
  /// Refuses names that the configuration doesn't have.
  static func check(_ names: [String], _ configuration: Configuration) throws(CommandFailure) {
    let known = Set(configuration.servers.map(\.name))
    for name in names where !known.contains(ServerName(name)) {
      let all = known.isEmpty ? "none is configured" : known.map(\.string).sorted().joined(separator: ", ")
      throw CommandFailure("there is no server \(PlainText.sanitized(name))", advice: "Known servers: \(all).", code: 2)
    }
  }
}
