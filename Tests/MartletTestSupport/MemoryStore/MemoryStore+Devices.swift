import MartletDomain

extension MemoryStore {
  /// See `DeviceAuthorizationStore`.
  public func beginDeviceAuthorization(
    _ device: DeviceAuthorization, capacity: Int
  ) async throws(StoreError) -> Bool {
    try access { state in
      guard !state.devices.values.contains(where: { $0.device.userCode == device.userCode }) else { return false }
      state.devices[device.digest] = .init(device: device)
      state.makeRoomForDevices(capacity, at: device.createdAt)
      return true
    }
  }

  /// See `DeviceAuthorizationStore`.
  public func deviceAuthorization(userCode: ArtefactDigest, at now: Timestamp) async throws(StoreError)
    -> DeviceAuthorization?
  {
    try access { $0.waitingDevice(userCode, at: now)?.device }
  }

  /// See `DeviceAuthorizationStore`.
  public func decideDeviceAuthorization(
    userCode: ArtefactDigest, _ decision: DeviceDecision, at now: Timestamp
  ) async throws(StoreError) -> Bool {
    try access { state in
      guard let stored = state.waitingDevice(userCode, at: now) else { return false }
      state.devices[stored.device.digest]?.device.decision = decision
      return true
    }
  }

  /// See `DeviceAuthorizationStore`.
  public func pollDeviceAuthorization(_ digest: ArtefactDigest, by client: ClientID, at now: Timestamp)
    async throws(StoreError) -> DevicePoll
  {
    try access { state in
      guard let stored = state.devices[digest], stored.device.client == client else { return .unknown }
      if let decision = stored.device.decision { return .decided(stored.device, decision) }
      if stored.device.expiresAt <= now { return .expired }
      let interval = stored.device.interval
      state.devices[digest]?.polledAt = now
      guard let last = stored.polledAt, now - last < interval - DevicePace.tolerance else { return .pending }
      state.devices[digest]?.device.interval = min(interval + DevicePace.penalty, DevicePace.longest)
      return .tooFast
    }
  }

  /// See `DeviceAuthorizationStore`.
  public func redeemDeviceAuthorization(
    _ digest: ArtefactDigest, beginning family: RefreshFamily, with token: RefreshToken, at now: Timestamp
  ) async throws(StoreError) -> CodeRedemption {
    try access { state in
      guard let stored = state.devices[digest], stored.device.expiresAt + DevicePace.memory > now,
        case .allowed(_, _, _, let grant)? = stored.device.decision
      else { return .gone }
      if stored.isSpent {
        _ = state.revokeFamilies(at: now) { $0.grant == grant }
        return .alreadyRedeemed(grant)
      }
      state.devices[digest]?.isSpent = true
      state.families[family.grant] = family
      state.tokens[token.digest] = .init(token: token)
      state.noteClientUse(family.client, at: now)
      return .redeemed
    }
  }
}

extension MemoryStoreState {
  struct StoredDevice: Sendable {
    var device: DeviceAuthorization
    var polledAt: Timestamp?
    var isSpent = false
  }

  fileprivate func waitingDevice(_ userCode: ArtefactDigest, at now: Timestamp) -> StoredDevice? {
    devices.values.first {
      $0.device.userCode == userCode && $0.device.decision == nil && $0.device.expiresAt > now
    }
  }

  fileprivate mutating func makeRoomForDevices(_ capacity: Int, at now: Timestamp) {
    let undecided = { (state: MemoryStoreState) in state.devices.values.filter { $0.device.decision == nil } }
    guard undecided(self).count > capacity else { return }
    devices = devices.filter { $0.value.device.decision != nil || $0.value.device.expiresAt > now }
    let waiting = undecided(self)
    guard waiting.count > capacity else { return }
    let crowds = Dictionary(grouping: waiting, by: \.device.network).values
    let crowd = crowds.max { left, right in
      let (first, second) = (left.map(\.device.createdAt).min(), right.map(\.device.createdAt).min())
      return left.count != right.count ? left.count < right.count : (first ?? now) > (second ?? now)
    }
    if let oldest = crowd?.min(by: { $0.device.createdAt < $1.device.createdAt }) {
      devices[oldest.device.digest] = nil
    }
  }
}
