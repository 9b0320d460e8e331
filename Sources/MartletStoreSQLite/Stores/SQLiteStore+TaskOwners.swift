import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `TaskOwnerStore`.
  public func noteTasks(
    _ tasks: [[UInt8]], of owner: [UInt8], tenant: TenantID, at now: Timestamp, until expiry: Timestamp, capacity: Int,
    instance: String?
  ) async throws(StoreError) {
    guard !tasks.isEmpty else { return }
    try await write { database in
      try database.run("DELETE FROM mcp_task WHERE expires_at <= :now", ["now": .time(now)])
      for task in tasks {
        try database.run(
          """
          INSERT INTO mcp_task (tenant, task, owner, noted_at, expires_at, instance)
          VALUES (:tenant, :task, :owner, :now, :expiry, :instance) ON CONFLICT DO NOTHING
          """,
          [
            "tenant": .id(tenant), "task": .bytes(task), "owner": .bytes(owner), "now": .time(now),
            "expiry": .time(expiry), "instance": .text(instance),
          ])
      }
      try database.run(
        """
        DELETE FROM mcp_task WHERE tenant = :tenant AND task IN (
          SELECT task FROM mcp_task WHERE tenant = :tenant AND owner = :owner
          ORDER BY noted_at DESC, task DESC LIMIT -1 OFFSET :capacity)
        """,
        ["tenant": .id(tenant), "owner": .bytes(owner), "capacity": .number(capacity)])
    }
  }

  /// See `TaskOwnerStore`.
  public func ownedTasks(_ tasks: [[UInt8]], by owner: [UInt8], tenant: TenantID, at now: Timestamp)
    async throws(StoreError) -> [[UInt8]: TaskOrigin]
  {
    guard !tasks.isEmpty else { return [:] }
    return try await read { database in
      var owned: [[UInt8]: TaskOrigin] = [:]
      for task in tasks {
        let row = try database.row(
          """
          SELECT instance FROM mcp_task
          WHERE tenant = :tenant AND task = :task AND owner = :owner AND expires_at > :now
          """,
          ["tenant": .id(tenant), "task": .bytes(task), "owner": .bytes(owner), "now": .time(now)])
        if let row { owned[task] = TaskOrigin(instance: try row.optionalText("instance")) }
      }
      return owned
    }
  }

  /// See `TaskOwnerStore`.
  public func ownedTasks(by owner: [UInt8], tenant: TenantID, at now: Timestamp)
    async throws(StoreError) -> Set<[UInt8]>
  {
    try await read { database in
      let rows = try database.rows(
        "SELECT task FROM mcp_task WHERE tenant = :tenant AND owner = :owner AND expires_at > :now",
        ["tenant": .id(tenant), "owner": .bytes(owner), "now": .time(now)])
      return Set(try rows.map { try $0.bytes("task") })
    }
  }
}
