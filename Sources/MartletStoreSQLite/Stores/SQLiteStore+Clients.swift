import GRDB
import MartletDomain
import OAuthProtocol
import StrictCoding

extension SQLiteStore {
  /// See `ClientStore`.
  public func client(_ id: ClientID) async throws(StoreError) -> RegisteredClient? {
    try await read { database in
      try database.row("SELECT * FROM client WHERE id = :id", ["id": .id(id)]).map { try RegisteredClient(row: $0) }
    }
  }

  /// See `ClientStore`.
  public func registerClient(_ client: RegisteredClient, quota: RegistrationQuota?) async throws(StoreError)
    -> ClientRegistrationOutcome
  {
    try await write { database in
      if let same = try database.sameRegistration(as: client) { return .existing(same) }
      let isTaken = try database.row("SELECT 1 FROM client WHERE id = :id", ["id": .id(client.id)]) != nil
      if isTaken { return .quotaExceeded }
      if let quota, try !database.makeRoom(for: client, within: quota) { return .quotaExceeded }
      try database.insert(client)
      return .created(client)
    }
  }

  /// See `ClientStore`.
  public func noteClientUse(_ id: ClientID, at now: Timestamp) async throws(StoreError) {
    try await write { database in try database.noteClientUse(id, at: now) }
  }

  /// See `ClientStore`.
  public func removeNeverUsedClients(registeredBefore time: Timestamp) async throws(StoreError) -> Int {
    try await write { database in
      try database.run(
        """
        DELETE FROM client
        WHERE origin = 'dynamicRegistration' AND first_used_at IS NULL AND created_at < :time
        """, ["time": .time(time)])
      return database.changesCount
    }
  }

  /// See `ClientStore`.
  public func removeClient(_ id: ClientID) async throws(StoreError) -> Bool {
    try await write { database in try database.changes("DELETE FROM client WHERE id = :id", ["id": .id(id)]) }
  }

  /// See `ClientStore`.
  public func clients() async throws(StoreError) -> [RegisteredClient] {
    try await read { database in
      try database.rows("SELECT * FROM client").map { try RegisteredClient(row: $0) }.sorted { $0.id < $1.id }
    }
  }
}

extension Database {
  /// Marks a client as used.
  func noteClientUse(_ id: ClientID, at now: Timestamp) throws {
    try run(
      "UPDATE client SET first_used_at = :now WHERE id = :id AND first_used_at IS NULL",
      ["id": .id(id), "now": .time(now)])
  }

  /// Only public clients are the same again: a secret is never issued twice.
  fileprivate func sameRegistration(as client: RegisteredClient) throws -> RegisteredClient? {
    guard let fingerprint = client.fingerprint, client.authenticationMethod == .none else { return nil }
    return try row(
      "SELECT * FROM client WHERE fingerprint = :fingerprint AND authentication_method = 'none'",
      ["fingerprint": .bytes(fingerprint)]
    ).map { try RegisteredClient(row: $0) }
  }

  fileprivate func makeRoom(for client: RegisteredClient, within quota: RegistrationQuota) throws -> Bool {
    var waiting = try count(
      "SELECT COUNT(*) FROM client WHERE origin = 'dynamicRegistration' AND first_used_at IS NULL")
    for _ in 0..<100 where waiting >= max(1, quota.unusedClients) {
      guard try removeOldestOfTheMost(for: client, quota) else { return false }
      waiting -= 1
    }
    return quota.unusedClients > 0
  }

  /// Removes the oldest waiting client of the network that has the most of them.
  ///
  /// - Returns: `false`, and nothing is removed, where that is the newcomer's own network and it is too young to go.
  private func removeOldestOfTheMost(for client: RegisteredClient, _ quota: RegistrationQuota) throws -> Bool {
    let own = try count(
      """
      SELECT COUNT(*) FROM client
      WHERE origin = 'dynamicRegistration' AND first_used_at IS NULL AND network = :network
      """, ["network": .bytes(client.network.bytes)])
    let most = try row(
      """
      SELECT network, COUNT(*) AS held FROM client WHERE origin = 'dynamicRegistration' AND first_used_at IS NULL
      GROUP BY network ORDER BY held DESC, MIN(created_at), network LIMIT 1
      """)
    guard let most else { return true }
    let isOwn = try own >= Int(most.number("held"))
    let network = isOwn ? client.network.bytes : try most.bytes("network")
    return try changes(
      """
      DELETE FROM client WHERE id = (
        SELECT id FROM client WHERE origin = 'dynamicRegistration' AND first_used_at IS NULL AND network = :network
          AND created_at < :time
        ORDER BY created_at, id LIMIT 1)
      """,
      ["network": .bytes(network), "time": .time(isOwn ? client.createdAt - quota.grace : .distantFuture)])
  }

  fileprivate func insert(_ client: RegisteredClient) throws {
    try run(
      """
      INSERT INTO client (id, tenant, origin, name, redirect_uris, grant_types, authentication_method, secret_digests,
        key_set, key_set_uri, servers, fingerprint, network, created_at, first_used_at)
      VALUES (:id, :tenant, :origin, :name, :redirect_uris, :grant_types, :authentication_method, :secret_digests,
        :key_set, :key_set_uri, :servers, :fingerprint, :network, :created_at, :first_used_at)
      """,
      [
        "id": .id(client.id), "tenant": .id(client.tenant), "origin": .value(client.origin), "name": .text(client.name),
        "redirect_uris": .texts(client.redirectURIs.map(\.string)),
        "grant_types": .texts(client.grantTypes.map(\.rawValue).sorted()),
        "authentication_method": .value(client.authenticationMethod),
        "secret_digests": .texts(client.secretDigests.map { Hex.encode($0.bytes) }),
        "key_set": .bytes(client.keySet), "key_set_uri": .text(client.keySetURI),
        "servers": client.servers.map { .texts($0.sorted().map(\.string)) } ?? .null,
        "fingerprint": .bytes(client.fingerprint), "network": .bytes(client.network.bytes),
        "created_at": .time(client.createdAt),
        "first_used_at": .time(client.firstUsedAt),
      ])
  }
}

extension RegisteredClient {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      id: try row.id("id"), origin: try row.value("origin"), tenant: try row.id("tenant"), name: try row.text("name"),
      redirectURIs: try Self.redirectURIs(try row.texts("redirect_uris")),
      grantTypes: try Self.grantTypes(try row.texts("grant_types")),
      authenticationMethod: try row.value("authentication_method"),
      secretDigests: try Self.digests(try row.texts("secret_digests")), keySet: try row.optionalBytes("key_set"),
      keySetURI: try row.optionalText("key_set_uri"),
      servers: try row.optionalTexts("servers").map { Set($0.map { ServerName($0) }) },
      fingerprint: try row.optionalBytes("fingerprint"), network: NetworkPrefix(bytes: try row.bytes("network")),
      createdAt: try row.time("created_at"), firstUsedAt: try row.optionalTime("first_used_at"))
  }

  private static func redirectURIs(_ texts: [String]) throws(StoreError) -> [RedirectURI] {
    var uris: [RedirectURI] = []
    for text in texts {
      // The policy was applied at registration and may have become stricter: what was registered stays readable.
      let scheme = ASCIICase.lowercased(text.utf8.prefix { $0 != UInt8(ascii: ":") })
      let policy = RedirectURIPolicy(privateUseSchemes: [String(decoding: scheme, as: UTF8.self)])
      guard let uri = try? RedirectURI(registering: text, policy: policy) else {
        throw .corrupt("column redirect_uris: not a redirect URI")
      }
      uris.append(uri)
    }
    return uris
  }

  private static func grantTypes(_ texts: [String]) throws(StoreError) -> Set<GrantType> {
    let types = Set(texts.compactMap { GrantType(rawValue: $0) })
    guard types.count == texts.count else { throw .corrupt("column grant_types: unknown value") }
    return types
  }

  private static func digests(_ texts: [String]) throws(StoreError) -> [ArtefactDigest] {
    let digests = texts.compactMap { Hex.decode($0) }.filter { $0.count == 32 }
    guard digests.count == texts.count else { throw .corrupt("column secret_digests: not a digest") }
    return digests.map { ArtefactDigest(bytes: $0) }
  }
}
