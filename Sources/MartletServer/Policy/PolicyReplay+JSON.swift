import StrictCoding

extension PolicyReplay.Report {
  /// As commands and the admin API show it.
  public var json: JSONValue {
    ["calls": .integer(Int64(calls)), "changed": Self.json(changed), "unclear": Self.json(unclear)]
  }

  private static func json(_ changes: [(change: PolicyReplay.Change, calls: Int)]) -> JSONValue {
    .array(
      changes.map { change, calls in
        [
          "calls": .integer(Int64(calls)), "user": .string(change.caller), "client": .string(change.client),
          "server": .string(change.server), "method": .string(change.method), "target": .string(change.target),
          "was": .string(change.was), "becomes": .array(change.becomes.map { .string($0) }),
        ]
      })
  }
}
