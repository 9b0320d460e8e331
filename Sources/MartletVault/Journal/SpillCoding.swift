import MartletDomain
import OAuthProtocol
import StrictCoding

/// Spilled tokens as the bytes that are sealed.
enum SpillCoding {
  static func encode(_ spilled: SpilledTokens) -> [UInt8] {
    var object: JSONObject = [
      "tenant": .string(Base64URL.encode(spilled.key.tenant.value.bytes)),
      "route": .string(spilled.key.route.path),
      "owner": .string(Base64URL.encode(spilled.key.owner.stored.bytes)),
      "version": .integer(Int64(spilled.version)), "epoch": .integer(Int64(spilled.epoch)),
      "is_refreshable": .bool(spilled.tokens.isRefreshable),
      "credential": .string(Base64URL.encode(spilled.tokens.sealedCredential)),
    ]
    if let scope = spilled.tokens.scope { object["scope"] = .string(scope.string) }
    if let end = spilled.tokens.expiresAt { object["expires_at"] = .integer(end.milliseconds) }
    if let due = spilled.tokens.refreshAt { object["refresh_at"] = .integer(due.milliseconds) }
    return JSONWriter.write(.object(object))
  }

  static func decode(_ bytes: [UInt8]) throws(VaultError) -> SpilledTokens {
    guard let json = try? JSONReader.parse(bytes),
      let tenant = json["tenant"]?.stringValue.flatMap({ Base64URL.decode($0) }),
      let route = json["route"]?.stringValue.flatMap({ RouteID(resourcePath: $0) }),
      let stored = json["owner"]?.stringValue.flatMap({ Base64URL.decode($0) }),
      let owner = ConnectionOwner(stored: ByteString(stored)),
      let version = json["version"]?.int64Value, let epoch = json["epoch"]?.int64Value,
      let isRefreshable = json["is_refreshable"]?.boolValue,
      let credential = json["credential"]?.stringValue.flatMap({ Base64URL.decode($0) })
    else { throw .malformed }
    let tokens = SealedTokens(
      sealedCredential: credential, isRefreshable: isRefreshable,
      scope: json["scope"]?.stringValue.map { ScopeSet(tolerant: $0) },
      expiresAt: json["expires_at"]?.int64Value.map { Timestamp(milliseconds: $0) },
      refreshAt: json["refresh_at"]?.int64Value.map { Timestamp(milliseconds: $0) })
    return SpilledTokens(
      key: ConnectionKey(tenant: TenantID(ByteString(tenant)), route: route, owner: owner), version: Int(version),
      epoch: Int(epoch), tokens: tokens)
  }
}
