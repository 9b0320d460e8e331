import GRDB
import MartletDomain
import OAuthProtocol

extension SQLiteStore {
  /// See `DeviceAuthorizationStore`.
  public func beginDeviceAuthorization(
    _ device: DeviceAuthorization, capacity: Int
  ) async throws(StoreError) -> Bool {
    try await write { database in
      let code = ["user_code": DatabaseValue.digest(device.userCode)]
      let isTaken = try database.row("SELECT 1 FROM device_authorization WHERE user_code = :user_code", code) != nil
      if isTaken { return false }
      try database.insert(device)
      try database.makeRoomForDevices(capacity, at: device.createdAt)
      return true
    }
  }

  /// See `DeviceAuthorizationStore`.
  public func deviceAuthorization(userCode: ArtefactDigest, at now: Timestamp) async throws(StoreError)
    -> DeviceAuthorization?
  {
    try await read { database in
      try database.row(
        """
        SELECT * FROM device_authorization
        WHERE user_code = :user_code AND decided_at IS NULL AND expires_at > :now
        """, ["user_code": .digest(userCode), "now": .time(now)]
      ).map { try DeviceAuthorization(row: $0) }
    }
  }

  /// See `DeviceAuthorizationStore`.
  public func decideDeviceAuthorization(
    userCode: ArtefactDigest, _ decision: DeviceDecision, at now: Timestamp
  ) async throws(StoreError) -> Bool {
    var values: [String: DatabaseValue] = [
      "user_code": .digest(userCode), "now": .time(now), "tenant": .id(TenantID.default), "user": .null,
      "route": .null, "grant": .null,
    ]
    if case .allowed(let tenant, let user, let route, let grant) = decision {
      values["tenant"] = .id(tenant)
      values["user"] = .id(user)
      values["route"] = .route(route)
      values["grant"] = .id(grant)
    }
    return try await write { [values] database in
      try database.changes(
        """
        UPDATE device_authorization SET decided_at = :now, tenant = :tenant, user_id = :user, granted_route = :route,
          grant_id = :grant
        WHERE user_code = :user_code AND decided_at IS NULL AND expires_at > :now
        """, values)
    }
  }

  /// See `DeviceAuthorizationStore`.
  public func pollDeviceAuthorization(_ digest: ArtefactDigest, by client: ClientID, at now: Timestamp)
    async throws(StoreError) -> DevicePoll
  {
    try await write { database in
      let row = try database.row(
        "SELECT * FROM device_authorization WHERE digest = :digest AND client = :client",
        ["digest": .digest(digest), "client": .id(client)])
      guard let row else { return .unknown }
      let device = try DeviceAuthorization(row: row)
      if let decision = device.decision { return .decided(device, decision) }
      if device.expiresAt <= now { return .expired }
      let last = try row.optionalTime("polled_at")
      let isEarly = last.map { now - $0 < device.interval - DevicePace.tolerance } ?? false
      let interval = isEarly ? min(device.interval + DevicePace.penalty, DevicePace.longest) : device.interval
      try database.run(
        "UPDATE device_authorization SET polled_at = :now, interval_ms = :interval WHERE digest = :digest",
        ["digest": .digest(digest), "now": .time(now), "interval": interval.milliseconds.databaseValue])
      return isEarly ? .tooFast : .pending
    }
  }

  /// See `DeviceAuthorizationStore`.
  public func redeemDeviceAuthorization(
    _ digest: ArtefactDigest, beginning family: RefreshFamily, with token: RefreshToken, at now: Timestamp
  ) async throws(StoreError) -> CodeRedemption {
    try await write { database in
      let row = try database.row(
        "SELECT * FROM device_authorization WHERE digest = :digest AND grant_id IS NOT NULL",
        ["digest": .digest(digest)])
      guard let row, try row.time("expires_at") + DevicePace.memory > now else { return .gone }
      if try row.optionalTime("spent_at") != nil {
        let grant: GrantID = try row.id("grant_id")
        _ = try database.revokeFamilies(.grant(grant), at: now)
        return .alreadyRedeemed(grant)
      }
      try database.run(
        "UPDATE device_authorization SET spent_at = :now WHERE digest = :digest",
        ["digest": .digest(digest), "now": .time(now)])
      try database.insert(family)
      try database.insert(token, tenant: family.tenant)
      try database.noteClientUse(family.client, at: now)
      return .redeemed
    }
  }
}

extension Database {
  /// Ended ones are remembered for a while, so that their programs hear it.
  func removeEndedDevices(at now: Timestamp) throws {
    try run(
      "DELETE FROM device_authorization WHERE expires_at <= :end", ["end": .time(now - DevicePace.memory)])
  }

  fileprivate func makeRoomForDevices(_ capacity: Int, at now: Timestamp) throws {
    guard try undecidedDevices() > capacity else { return }
    try run(
      "DELETE FROM device_authorization WHERE decided_at IS NULL AND expires_at <= :now", ["now": .time(now)])
    guard try undecidedDevices() > capacity else { return }
    try run(
      """
      DELETE FROM device_authorization WHERE digest = (
        SELECT digest FROM device_authorization
        WHERE decided_at IS NULL AND network = (
          SELECT network FROM device_authorization WHERE decided_at IS NULL
          GROUP BY network ORDER BY COUNT(*) DESC, MIN(created_at), network LIMIT 1)
        ORDER BY created_at, digest LIMIT 1)
      """)
  }

  private func undecidedDevices() throws -> Int {
    try count("SELECT COUNT(*) FROM device_authorization WHERE decided_at IS NULL")
  }

  fileprivate func insert(_ device: DeviceAuthorization) throws {
    try run(
      """
      INSERT INTO device_authorization (digest, user_code, client, route, scope, flow, address, network, created_at,
        expires_at, interval_ms)
      VALUES (:digest, :user_code, :client, :route, :scope, :flow, :address, :network, :created_at, :expires_at,
        :interval)
      """,
      [
        "digest": .digest(device.digest), "user_code": .digest(device.userCode), "client": .id(device.client),
        "route": .route(device.route), "scope": .scope(device.scope), "flow": .id(device.flow),
        "address": .text(device.address), "network": .bytes(device.network.bytes),
        "created_at": .time(device.createdAt), "expires_at": .time(device.expiresAt),
        "interval": device.interval.milliseconds.databaseValue,
      ])
  }
}

extension DeviceAuthorization {
  fileprivate init(row: Row) throws(StoreError) {
    var decision: DeviceDecision?
    if try row.optionalTime("decided_at") != nil {
      let grant: GrantID? = try row.optionalID("grant_id")
      decision =
        try grant.map { grant throws(StoreError) in
          .allowed(try row.id("tenant"), try row.id("user_id"), try row.route("granted_route"), grant)
        } ?? .denied
    }
    self.init(
      digest: try row.digest("digest"), userCode: try row.digest("user_code"), client: try row.id("client"),
      route: try row.optionalRoute("route"), scope: try row.scope("scope"), flow: try row.id("flow"),
      address: try row.text("address"), network: NetworkPrefix(bytes: try row.bytes("network")),
      createdAt: try row.time("created_at"), expiresAt: try row.time("expires_at"),
      interval: .milliseconds(try row.number("interval_ms")), decision: decision)
  }
}
