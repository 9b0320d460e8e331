/// Keeps whose the tasks of servers are (V-015). Tasks and owners are SHA-256 digests: neither says anything by itself.
public protocol TaskOwnerStore: Sendable {
  /// Notes whose tasks these are. One that is somebody's stays theirs, as it was noted first, until that has expired.
  ///
  /// - Parameters:
  ///   - tasks: Digests of route and task id.
  ///   - owner: Digest of the principal.
  ///   - tenant: Whose principal.
  ///   - now: The time; what has expired by then is forgotten.
  ///   - expiry: Until when it is kept.
  ///   - capacity: How many an owner may have; beyond that the oldest are forgotten.
  ///   - instance: The URL of the instance of their server that began them; `nil` where nobody knows.
  func noteTasks(
    _ tasks: [[UInt8]], of owner: [UInt8], tenant: TenantID, at now: Timestamp, until expiry: Timestamp, capacity: Int,
    instance: String?
  ) async throws(StoreError)

  /// Those of an owner's tasks that are among these, each with where it began.
  func ownedTasks(_ tasks: [[UInt8]], by owner: [UInt8], tenant: TenantID, at now: Timestamp)
    async throws(StoreError) -> [[UInt8]: TaskOrigin]

  /// All of an owner's tasks.
  func ownedTasks(by owner: [UInt8], tenant: TenantID, at now: Timestamp) async throws(StoreError) -> Set<[UInt8]>
}

/// Where a task began.
public struct TaskOrigin: Sendable, Hashable {
  /// The URL of the instance of its server that began it; `nil` where nobody knows.
  public let instance: String?

  /// Describes an origin.
  public init(instance: String?) { self.instance = instance }
}
