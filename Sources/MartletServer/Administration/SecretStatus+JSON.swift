import MartletDomain
import StrictCoding

extension SecretStatus {
  /// As commands and the admin API show it.
  public var json: JSONObject {
    [
      "rotation": rotation.map { rotation in
        [
          "begun_at": .string(rotation.begunAt.text), "master_key": .bool(rotation.masterKey != nil),
          "data_keys": .bool(rotation.replacesDataKeys),
        ]
      } ?? .null,
      "keys": .array(keys.map(Self.json)), "lost": .array(lost.map(Self.json)),
    ]
  }

  private static func json(_ key: Key) -> JSONValue {
    [
      "kind": .string(key.kind), "tenant": key.tenant.map { .string($0.string) } ?? .null, "key": .string(key.name),
      "created_at": key.createdAt.map { .string($0.text) } ?? .null, "in_use": .bool(key.isNewest),
      "seals": .array(key.uses.map(json)),
    ]
  }

  private static func json(_ use: SealedUse) -> JSONValue {
    [
      "kind": .string(use.kind), "key": .string(use.key), "count": .integer(Int64(use.count)),
      "ends_at": use.endsAt.map { .string($0.text) } ?? .null,
    ]
  }
}
