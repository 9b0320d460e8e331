import StrictCoding
import Synchronization

/// Remembers for ten minutes who was seen last, in bounded memory: by client first, else by address.
public final class RecentFlows: FlowCorrelation {
  private enum Key: Hashable {
    case client(ClientID)
    case address(ByteString)
  }

  private struct Sighting {
    var flow: FlowID
    var client: ClientID?
    var route: RouteID?
    var seenAt: Timestamp
    /// Where its authorization was asked for.
    var attemptedFrom: ByteString?
  }

  private let sightings = Mutex<[Key: Sighting]>([:])
  private let clock: any WallClock
  private let random: any RandomSource
  private let window: Duration
  private let capacity: Int

  /// Makes an empty memory.
  ///
  /// - Parameters:
  ///   - clock: Tells the time.
  ///   - random: Names new flows.
  ///   - window: How long a sighting counts.
  ///   - capacity: How many sightings are kept.
  public init(
    clock: any WallClock, random: any RandomSource, window: Duration = .seconds(600), capacity: Int = 10_000
  ) {
    self.clock = clock
    self.random = random
    self.window = window
    self.capacity = max(capacity, 2)
  }

  /// The flow of the client seen last, else of the address seen last, else a new one.
  public func flow(address: String, client: ClientID?, route: RouteID?) -> FlowID {
    flow(from: ByteString(address), client, route, isAttempt: false)
  }

  /// The same; later requests from elsewhere, or from nobody known, are another attempt's.
  public func attempt(address: String, client: ClientID, route: RouteID?) -> FlowID {
    flow(from: ByteString(address), client, route, isAttempt: true)
  }

  private func flow(from address: ByteString, _ client: ClientID?, _ route: RouteID?, isAttempt: Bool) -> FlowID {
    let now = clock.now()
    // The prefix keeps it from beginning with `-`, which a command line takes for an option.
    let fresh = FlowID("flow_" + Base64URL.encode(random.bytes(12)))
    return sightings.withLock { sightings in
      let place = Key.address(address)
      let known = client.flatMap { recent(.client($0), in: sightings, at: now) }
        .flatMap { $0.attemptedFrom ?? address == address ? $0 : nil }
      let near = recent(place, in: sightings, at: now).flatMap { isSame($0, client, route) ? $0 : nil }
      var sighting = known ?? near ?? Sighting(flow: fresh, seenAt: now)
      sighting.client = client ?? sighting.client
      sighting.route = route ?? sighting.route
      sighting.seenAt = now
      if isAttempt { sighting.attemptedFrom = address }
      makeRoom(in: &sightings, at: now)
      sightings[place] = sighting
      if let client { sightings[.client(client)] = sighting }
      return sighting.flow
    }
  }

  /// How many sightings are remembered.
  public var count: Int { sightings.withLock { $0.count } }

  /// Another client, or another route, behind the same address is another attempt.
  private func isSame(_ sighting: Sighting, _ client: ClientID?, _ route: RouteID?) -> Bool {
    if let client, let seen = sighting.client, seen != client { return false }
    if client == nil, sighting.attemptedFrom != nil { return false }
    if let route, let seen = sighting.route, seen != route { return false }
    return true
  }

  private func recent(_ key: Key, in sightings: [Key: Sighting], at now: Timestamp) -> Sighting? {
    guard let sighting = sightings[key], now - sighting.seenAt < window else { return nil }
    return sighting
  }

  /// One call adds two sightings at most. Half goes at once, so that a flood costs one pass in thousands of calls.
  private func makeRoom(in sightings: inout [Key: Sighting], at now: Timestamp) {
    guard sightings.count + 2 > capacity else { return }
    sightings = sightings.filter { now - $0.value.seenAt < window }
    guard sightings.count + 2 > capacity else { return }
    let times = sightings.values.map(\.seenAt).sorted()
    let median = times[times.count / 2]
    sightings = sightings.filter { $0.value.seenAt > median }
  }
}
