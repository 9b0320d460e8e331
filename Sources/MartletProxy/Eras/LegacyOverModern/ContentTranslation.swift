import MCPProtocol
import StrictCoding

/// Blocks of content that a client's revision doesn't have yet become text: a client that reads strictly would refuse the
/// whole result for one of them.
struct ContentTranslation: Sendable {
  let revision: ProtocolRevision

  /// Whether there can be anything to translate.
  var isNeeded: Bool { revision < .v20250618 }

  /// Translates one block.
  func legacy(_ block: JSONValue) -> JSONValue {
    switch block["type"]?.stringValue {
    case "resource_link" where revision < .v20250618: text(Self.link(block), insteadOf: block)
    case "audio" where revision < .v20250326:
      text(
        "The server answered with audio (\(block["mimeType"]?.stringValue ?? "of no type")), which "
          + "\(revision.rawValue) doesn't have.", insteadOf: block)
    default: block
    }
  }

  /// What it is called, where it is and what it is about.
  private static func link(_ block: JSONValue) -> String {
    let name = block["title"]?.stringValue ?? block["name"]?.stringValue
    let place = [name, block["uri"]?.stringValue].compactMap { $0 }.joined(separator: ": ")
    return [place, block["description"]?.stringValue].compactMap { $0 }.joined(separator: "\n")
  }

  private func text(_ text: String, insteadOf block: JSONValue) -> JSONValue {
    var object: JSONObject = ["type": "text", "text": .string(text)]
    object["annotations"] = block["annotations"]
    return .object(object)
  }
}
