import Crypto
import MartletDomain
import StrictCoding

/// Lets a POST be sent again: who names it by `Idempotency-Key` gets the first answer once more, and nothing happens
/// twice.
///
/// Answers are kept for a day, sealed, since some hold a key that is shown once. A request whose end nobody knows, after
/// a crash, is never carried out again under its key.
struct IdempotentRequests: Sendable {
  static let header = "idempotency-key"
  /// How long an answer is kept.
  static let memory: Duration = .seconds(86_400)
  /// How many a caller has at once.
  static let capacity = 1000

  /// A request that names itself.
  struct Name: Sendable {
    let key: [UInt8]
    let request: [UInt8]
    let principal: String
    let tenant: TenantID
  }

  let store: any IdempotencyStore
  let sealer: Sealer
  let clock: any WallClock

  /// Reads the name of a request; `nil` for one that has none.
  func name(of request: EndpointRequest, by caller: APICaller) throws(APIProblem) -> Name? {
    let values = request.values(Self.header)
    guard request.method == "POST", let value = values.first else { return nil }
    let isPlain = value.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    guard values.count == 1, (1...255).contains(value.utf8.count), isPlain else {
      throw .invalid("Idempotency-Key comes once, with 1 to 255 visible ASCII characters.")
    }
    var hash = SHA256()
    for part in [Array(request.path.utf8), request.query, request.body] {
      withUnsafeBytes(of: UInt64(part.count).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: part)
    }
    return Name(
      key: Array(SHA256.hash(data: Array(value.utf8))), request: Array(hash.finalize()), principal: caller.subject,
      tenant: caller.tenant ?? .default)
  }

  /// The answer of before, or `nil` to go on.
  func begin(_ name: Name) async throws -> APIAnswer? {
    let now = clock.now()
    let beginning = try await store.beginIdempotent(
      name.key, by: name.principal, tenant: name.tenant, request: name.request, at: now, until: now + Self.memory,
      capacity: Self.capacity)
    switch beginning {
    case .first: return nil
    case .answered(let status, let sealed):
      let bytes = try sealer.open(sealed, in: context(name))
      return bytes.isEmpty ? APIAnswer(emptyWith: status) : APIAnswer(status, try JSONReader.parse(bytes))
    case .underWay:
      throw APIProblem.conflict(
        "A request with this Idempotency-Key is under way, or was cut off: look what became of it, then use another.")
    case .different:
      throw APIProblem(
        409, "idempotency_key_reused", "This Idempotency-Key was used for another request; use a new one.")
    case .full:
      throw APIProblem(
        429, "too_many_idempotency_keys", "\(Self.capacity) keys a day are remembered for you.", retryAfter: 3600)
    }
  }

  /// Keeps what was answered; a fault of ours isn't an answer, and the request may be sent again.
  func end(_ name: Name, with answer: APIAnswer) async throws {
    if answer.status >= 500 { return try await store.endIdempotent(name.key, by: name.principal, answer: nil) }
    let sealed = try sealer.seal(answer.body.map { JSONWriter.write($0) } ?? [], in: context(name))
    try await store.endIdempotent(name.key, by: name.principal, answer: (answer.status, sealed))
  }

  private func context(_ name: Name) -> SealContext {
    SealContext(
      tenant: name.tenant, record: "idempotent_answer", id: Array(name.principal.utf8) + [0] + name.key,
      column: "sealed_answer")
  }
}
