import MartletDomain
import StrictCoding

/// What every store must do with artefacts of different kinds.
public enum ArtefactContract {
  /// Every artefact presented where another kind belongs is refused (V-055, n × n): neither its digest as stored nor
  /// its bytes under the other kind's domain are found.
  public static func nothingIsCrossTyped(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var secrets: [ArtefactKind: Secret] = [:]
    for kind in ArtefactKind.allCases { secrets[kind] = kind.mint(sample.random) }
    var stored: [ArtefactKind: ArtefactDigest] = [:]
    for (kind, secret) in secrets { stored[kind] = kind.digest(secret) }
    try await fill(store, sample, stored)
    for (kind, secret) in secrets {
      guard let digest = stored[kind] else { continue }
      try expect(try await finders(store, sample, digest), is: kind.finder.map { [$0] } ?? [], "\(kind) as stored")
      for other in ArtefactKind.allCases where other != kind {
        try expect(other.digest(secret.expose()), is: nil, "\(kind) presented as \(other)")
        let forced = other.digest(secret)
        try expect(try await finders(store, sample, forced), is: [], "\(kind) hashed as \(other)")
        let tail = secret.expose().dropFirst(kind.rawValue.utf8.count)
        let renamed = other.digest(Array(other.rawValue.utf8) + tail)
        if let renamed { try expect(try await finders(store, sample, renamed), is: [], "\(kind) renamed to \(other)") }
      }
    }
  }

  private static func fill(
    _ store: any DurableStore, _ sample: Sample, _ digests: [ArtefactKind: ArtefactDigest]
  ) async throws {
    let pending = sample.pending()
    var code = sample.code(for: pending)
    code.digest = digests[.authorizationCode] ?? code.digest
    _ = try await store.beginAuthorization(pending)
    _ = try await store.completeAuthorization(pending.id, sealedOutcome: [1], code: code, consent: nil, at: sample.now)
    let spent = sample.pending()
    let spentCode = sample.code(for: spent)
    let family = sample.family(of: spentCode)
    var token = sample.token(of: family)
    token.digest = digests[.refreshToken] ?? token.digest
    _ = try await store.beginAuthorization(spent)
    _ = try await store.completeAuthorization(
      spent.id, sealedOutcome: [1], code: spentCode, consent: nil, at: sample.now)
    _ = try await store.redeemAuthorizationCode(spentCode.digest, beginning: family, with: token, at: sample.now)
    var login = sample.loginSession(of: sample.localUser())
    login.digest = digests[.loginSession] ?? login.digest
    try await store.createLoginSession(login)
    var session = sample.mcpSession()
    session.digest = digests[.mcpSession] ?? session.digest
    try await store.createMCPSession(session)
    var away = sample.federatedLogin()
    away.state = digests[.federationState] ?? away.state
    try await store.beginFederatedLogin(away, capacity: .max, at: sample.now)
    var device = sample.device()
    device.digest = digests[.deviceCode] ?? device.digest
    _ = try await store.beginDeviceAuthorization(device, capacity: .max)
    var departure = sample.pendingConnection()
    departure.state = digests[.connectState] ?? departure.state
    _ = try await store.beginConnecting(departure, spending: nil, capacity: .max)
  }

  /// The lookups that find a digest. Looking does not spend, but for the state, which is put back.
  private static func finders(
    _ store: any DurableStore, _ sample: Sample, _ digest: ArtefactDigest
  ) async throws -> [String] {
    var found: [String] = []
    if try await store.authorizationCode(digest, at: sample.now) != nil { found.append("code") }
    if try await store.refreshToken(digest) != nil { found.append("refresh") }
    if try await store.loginSession(digest, at: sample.now) != nil { found.append("login") }
    if try await store.mcpSession(digest) != nil { found.append("session") }
    if let login = try await store.consumeFederatedLogin(digest, at: sample.now) {
      found.append("state")
      try await store.beginFederatedLogin(login, capacity: .max, at: sample.now)
    }
    let client = sample.device().client
    if try await store.pollDeviceAuthorization(digest, by: client, at: sample.now) != .unknown {
      found.append("device")
    }
    if let departure = try await store.takePendingConnection(digest, at: sample.now) {
      found.append("departure")
      _ = try await store.beginConnecting(departure, spending: nil, capacity: .max)
    }
    return found
  }
}

extension ArtefactKind {
  /// The one lookup that may find this kind; browsers, client secrets, tickets and event streams aren't
  /// looked up in a store.
  fileprivate var finder: String? {
    switch self {
    case .authorizationCode: "code"
    case .refreshToken: "refresh"
    case .loginSession: "login"
    case .mcpSession: "session"
    case .federationState: "state"
    case .connectState: "departure"
    case .deviceCode: "device"
    case .browser, .clientSecret, .eventStream, .connectTicket: nil
    }
  }
}
