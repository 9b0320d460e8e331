import MartletDomain

/// What every `DeviceAuthorizationStore` must do.
public enum DeviceContract {
  /// A decision is taken once, by whoever comes first; a code is redeemed once, and ends what it began when it comes
  /// back; another client's code is unknown.
  public static func decidedAndRedeemedOnce(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let device = sample.device()
    let now = sample.now
    try expect(try await store.beginDeviceAuthorization(device, capacity: 10), is: true)
    var twin = sample.device()
    twin.userCode = device.userCode
    try expect(try await store.beginDeviceAuthorization(twin, capacity: 10), is: false, "a user code twice")
    try expect(try await store.deviceAuthorization(userCode: device.userCode, at: now), is: device)
    let grant: GrantID = "grant_device"
    let yes = DeviceDecision.allowed("acme", "usr_1", device.route ?? sample.route, grant)
    let decisions = try await atOnce(8, over: [store]) { number, store in
      try await store.decideDeviceAuthorization(
        userCode: device.userCode, number % 2 == 0 ? yes : .denied, at: now)
    }
    try expect(decisions.filter { $0 }.count, is: 1, "decisions that counted")
    try expect(try await store.deviceAuthorization(userCode: device.userCode, at: now), is: nil, "decided")
    try expect(try await store.pollDeviceAuthorization(device.digest, by: "other", at: now), is: .unknown)
    try await redeemedOnce(store, sample, grant)
  }

  private static func redeemedOnce(_ store: any DurableStore, _ sample: Sample, _ grant: GrantID) async throws {
    let (now, device) = (sample.now, sample.device())
    _ = try await store.beginDeviceAuthorization(device, capacity: 10)
    let route = device.route ?? sample.route
    _ = try await store.decideDeviceAuthorization(
      userCode: device.userCode, .allowed("acme", "usr_1", route, grant), at: now)
    guard
      case .decided(let found, let decision) = try await store.pollDeviceAuthorization(
        device.digest, by: device.client, at: now)
    else { throw ContractViolation("a decided device isn't", file: #fileID, line: #line) }
    try expect(decision, is: .allowed("acme", "usr_1", route, grant))
    try expect(found.flow, is: device.flow)
    var family = sample.family(of: sample.code(for: sample.pending()))
    family.grant = grant
    let redemptions = try await atOnce(8, over: [store]) { [family] _, store in
      try await store.redeemDeviceAuthorization(
        device.digest, beginning: family, with: sample.token(of: family), at: now)
    }
    try expect(redemptions.filter { $0 == .redeemed }.count, is: 1, "redemptions that counted")
    try expect(redemptions.filter { $0 == .alreadyRedeemed(grant) }.count, is: 7)
    let refused = sample.device()
    _ = try await store.beginDeviceAuthorization(refused, capacity: 10)
    _ = try await store.decideDeviceAuthorization(userCode: refused.userCode, .denied, at: now)
    try expect(
      try await store.redeemDeviceAuthorization(
        refused.digest, beginning: family, with: sample.token(of: family), at: now), is: .gone)
  }

  /// Who asks before the interval is over waits longer from then on; what has ended is said to have.
  public static func paced(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let device = sample.device()
    _ = try await store.beginDeviceAuthorization(device, capacity: 10)
    func poll(_ seconds: Int) async throws -> DevicePoll {
      try await store.pollDeviceAuthorization(device.digest, by: device.client, at: sample.now + .seconds(seconds))
    }
    try expect(try await poll(0), is: .pending)
    try expect(try await poll(5), is: .pending)
    try expect(try await poll(9), is: .tooFast)
    try expect(try await poll(15), is: .tooFast, "10 s now")
    try expect(try await poll(30), is: .pending, "15 s now")
    try expect(try await poll(601), is: .expired)
    let isDecided = try await store.decideDeviceAuthorization(
      userCode: device.userCode, .denied, at: sample.now + .seconds(600))
    try expect(isDecided, is: false, "ended")
    try await store.removeExpiredAuthorizations(at: sample.now + .seconds(1201))
    try expect(try await poll(1202), is: .unknown)
  }

  /// A flood of one network pushes out its own and nobody else's.
  public static func floodStaysInItsRoom(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let neighbour = sample.device(from: "neighbour")
    _ = try await store.beginDeviceAuthorization(neighbour, capacity: 10)
    var begun: [DeviceAuthorization] = []
    for number in 1...TestCounts.pick(reduced: 60, full: 5_000) {
      begun.append(sample.device(from: "flooded", createdAt: sample.now + .milliseconds(number)))
      _ = try await store.beginDeviceAuthorization(begun[number - 1], capacity: 10)
    }
    var left: [DeviceAuthorization] = []
    for one in begun {
      if let kept = try await store.deviceAuthorization(userCode: one.userCode, at: sample.now) { left.append(kept) }
    }
    try expect(left, is: Array(begun.suffix(9)), "the newest of the flood")
    try expect(try await store.deviceAuthorization(userCode: neighbour.userCode, at: sample.now), is: neighbour)
  }
}
