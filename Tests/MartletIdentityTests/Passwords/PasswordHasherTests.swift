import Dispatch
import MartletDomain
import MartletTestSupport
import StrictCoding
import Synchronization
import Testing

@testable import MartletIdentity

struct PasswordHasherTests {
  static let knownAnswer = "43b11c1f5ef93ff91c53b244d87454faa4d1aeafc14ba51b09160f741682e72f"
  let cheap = ScryptParameters(logCost: 4)

  @Test func theRightPasswordAndNoOther() async throws {
    let hasher = PasswordHasher(parameters: cheap)
    let encoded = try await hasher.hash(Secret("correct horse"))
    #expect(encoded.hasPrefix("scrypt$ln=4,r=8,p=1$"))
    #expect(try await hasher.verify(Secret("correct horse"), against: encoded))
    for wrong in ["correct horsf", "correct hors", "correct horse ", "Correct horse", "", "x"] {
      #expect(try await !hasher.verify(Secret(wrong), against: encoded))
    }
    #expect(try await hasher.hash(Secret("correct horse")) != encoded)
    // Stored hashes keep what they were made with when the configured cost changes.
    #expect(try await PasswordHasher(parameters: .init(logCost: 5)).verify(Secret("correct horse"), against: encoded))
  }

  @Test func theDefaultCostIsThatOfTheDesign() {
    #expect(ScryptParameters.default.cost == 32_768)
    #expect(ScryptParameters.default.blockSize == 8)
    #expect(ScryptParameters.default.parallelism == 1)
  }

  @Test func aKnownAnswerOfScrypt() async throws {
    // Python: hashlib.scrypt(b"correct horse", salt=bytes(range(16)), n=16, r=8, p=1, dklen=32)
    let hash = try #require(Hex.decode(Self.knownAnswer))
    let stored = PasswordHash(parameters: cheap, salt: Array(0..<16), hash: hash)
    #expect(try await PasswordHasher(parameters: cheap).verify(Secret("correct horse"), against: stored.encoded))
  }

  @Test(arguments: [
    "", "scrypt", "scrypt$ln=4,r=8,p=1$$", "bcrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$", "$$$",
    "scrypt$ln=99,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "scrypt$ln=-4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "scrypt$ln=04,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "scrypt$r=8,ln=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
  ])
  func aDamagedHashIsNeverRight(_ encoded: String) async throws {
    #expect(PasswordHash(encoded: encoded) == nil)
    #expect(try await !PasswordHasher(parameters: cheap).verify(Secret("x"), against: encoded))
  }

  @Test func V_068_noUserCostsAsMuchAsAWrongPassword() async throws {
    let derivations = Derivations()
    let hasher = PasswordHasher(
      parameters: cheap, lanes: HashingLanes(width: 2, capacity: 8), random: SeededRandom()
    ) { _, salt, parameters in
      derivations.note(parameters)
      return Array(repeating: 7, count: 32)
    }
    let encoded = PasswordHash(parameters: cheap, salt: Array(0..<16), hash: Array(repeating: 8, count: 32)).encoded
    #expect(try await !hasher.verify(Secret("guess"), against: encoded))
    #expect(try await !hasher.verify(Secret("guess"), against: nil))
    #expect(derivations.all == [cheap, cheap])
  }

  @Test func V_068_noUserIsNeverRight() async throws {
    // Whatever the stand-in for a hash is, deriving exactly it proves nothing.
    let random = SeededRandom()
    let standIn = (salt: random.bytes(16), hash: random.bytes(32))
    let hasher = PasswordHasher(
      parameters: cheap, lanes: HashingLanes(width: 1, capacity: 1), random: SeededRandom()
    ) { _, salt, _ in salt == standIn.salt ? standIn.hash : nil }
    #expect(try await !hasher.verify(Secret("guess"), against: nil))
  }

  @Test func atMostTwoAtOnceAndABoundedQueue() async throws {
    let gate = DispatchSemaphore(value: 0)
    let running = Running()
    let lanes = HashingLanes(width: 2, capacity: 4)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<4 {
        group.addTask {
          try await lanes.run {
            running.enter()
            gate.wait()
            running.leave()
            return index
          }
        }
      }
      while lanes.load < 4 { await Task.yield() }
      await #expect(throws: PasswordHashingError.busy) { try await lanes.run { 0 } }
      for _ in 0..<4 { gate.signal() }
      let sum = try await group.reduce(0) { $0 + $1 }
      #expect(sum == 6)
    }
    #expect(running.most <= 2)
    #expect(lanes.load == 0)
    #expect(try await lanes.run { 1 } == 1)
  }
}

private final class Running: Sendable {
  private let counts = Mutex((now: 0, most: 0))

  var most: Int { counts.withLock { $0.most } }

  func enter() {
    counts.withLock {
      $0.now += 1
      $0.most = max($0.most, $0.now)
    }
  }

  func leave() { counts.withLock { $0.now -= 1 } }
}
