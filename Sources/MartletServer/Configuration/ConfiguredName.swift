/// Names of servers, providers and clients in the file.
enum ConfiguredName {
  static func isValid(_ name: String) -> Bool { hasForm(name) && !Configuration.reservedNames.contains(name) }

  static func hasForm(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
  }

  static func rule(_ name: String) -> String {
    hasForm(name) ? "is a reserved name; its path is taken" : "must be 1 to 64 of a-z, 0-9 and -"
  }
}
