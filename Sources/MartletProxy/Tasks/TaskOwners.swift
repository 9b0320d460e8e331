import Crypto
import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding
import Synchronization

/// Whose the tasks of servers are: the principal's whose request became one. Servers behind Martlet don't know who calls,
/// so that an id alone would be a key to somebody else's work (V-015).
final class TaskOwners: Sendable {
  /// A task and its owner, by their digests.
  private struct Ownership: Hashable {
    let task: [UInt8]
    let owner: [UInt8]
  }

  private let store: any TaskOwnerStore
  private let clock: any WallClock
  /// What was noted or found lately: a task is asked for again and again.
  private let known = Mutex<[Ownership: TaskOrigin]>([:])

  init(store: any TaskOwnerStore, clock: any WallClock) {
    self.store = store
    self.clock = clock
  }

  /// Lets a request go on to its server where the tasks that it names are its principal's.
  ///
  /// - Returns: What is known of them; refused where one is not.
  func allowed(_ request: AdmittedRequest, on eventLoop: any EventLoop) -> Staged<NamedTasks> {
    // Nobody could be told what came of it.
    guard let message = request.classified.message?.request else { return .ready(.failure(.unknownTask(id: nil))) }
    let binding = request.principal.binding
    let owner = Self.digest(of: binding)
    if message.method == .tasksList {
      return .later(eventLoop.makeFutureWithTask { await self.all(of: binding, owner, answering: message.id) })
    }
    let named: [[UInt8]]
    do throws(MCPMessageError) { named = try message.taskIDs().map { Self.digest(of: $0, at: binding.route) } } catch {
      return .ready(.failure(.malformedMessage(error)))
    }
    let (unknown, origins) = known.withLock { known in
      let origins = named.map { known[Ownership(task: $0, owner: owner)] }
      return (zip(named, origins).filter { $1 == nil }.map(\.0), origins.compactMap { $0?.instance })
    }
    guard !unknown.isEmpty else { return .ready(.success(NamedTasks(instance: origins.first))) }
    return .later(eventLoop.makeFutureWithTask { await self.find(unknown, of: binding, owner, answering: message.id) })
  }

  private func all(of binding: PrincipalBinding, _ owner: [UInt8], answering id: JSONRPCID?) async
    -> Result<NamedTasks, Rejection>
  {
    do throws(StoreError) {
      let kept = try await store.ownedTasks(by: owner, tenant: binding.tenant, at: clock.now())
      // What an event began a moment ago may not have got there.
      let lately = known.withLock { known in known.keys.filter { $0.owner == owner }.map(\.task) }
      return .success(NamedTasks(own: OwnTasks(route: binding.route, digests: kept.union(lately))))
    } catch { return .failure(.temporarilyUnavailable(reason: "task_store", id: id)) }
  }

  private func find(_ tasks: [[UInt8]], of binding: PrincipalBinding, _ owner: [UInt8], answering id: JSONRPCID?) async
    -> Result<NamedTasks, Rejection>
  {
    do throws(StoreError) {
      let found = try await store.ownedTasks(tasks, by: owner, tenant: binding.tenant, at: clock.now())
      for (task, origin) in found { remember(Ownership(task: task, owner: owner), origin) }
      let origins = tasks.compactMap { found[$0] }
      guard origins.count == tasks.count else { return .failure(.unknownTask(id: id)) }
      return .success(NamedTasks(instance: origins.lazy.compactMap(\.instance).first))
    } catch { return .failure(.temporarilyUnavailable(reason: "task_store", id: id)) }
  }

  /// Notes whose a task is, and where it began: here at once, and in the store.
  ///
  /// - Returns: Done when no restart can make it nobody's.
  func note(_ id: String, of binding: PrincipalBinding, begunAt instance: String?, on eventLoop: any EventLoop)
    -> EventLoopFuture<Void>
  {
    let (task, owner) = (Self.digest(of: id, at: binding.route), Self.digest(of: binding))
    remember(Ownership(task: task, owner: owner), TaskOrigin(instance: instance))
    let now = clock.now()
    return eventLoop.makeFutureWithTask {
      try await self.store.noteTasks(
        [task], of: owner, tenant: binding.tenant, at: now, until: now + GatewayLimits.taskOwner,
        capacity: GatewayLimits.ownedTasks, instance: instance)
    }
  }

  private func remember(_ ownership: Ownership, _ origin: TaskOrigin) {
    known.withLock { known in
      if known.count >= GatewayLimits.rememberedTasks { known.removeAll(keepingCapacity: true) }
      known[ownership] = origin
    }
  }

  fileprivate static func digest(of task: String, at route: RouteID) -> [UInt8] {
    JSONValue.array([.string(route.path), .string(task)]).canonicalDigest
  }

  private static func digest(of binding: PrincipalBinding) -> [UInt8] {
    let parts = [
      binding.tenant.value.string, binding.issuer.string, binding.subject.string, binding.client.string,
      binding.route.path,
    ]
    return JSONValue.array(parts.map { .string($0) }).canonicalDigest
  }
}

/// What is known of the tasks that a request names, all of which are its principal's.
struct NamedTasks: Sendable {
  /// All of the principal's, where they are to be listed.
  var own: OwnTasks?
  /// The URL of the instance that began one of them, where that is known.
  var instance: String?
}

/// The tasks of one principal at one route.
struct OwnTasks: Sendable {
  let route: RouteID
  let digests: Set<[UInt8]>

  func holds(_ id: String) -> Bool { digests.contains(TaskOwners.digest(of: id, at: route)) }
}
