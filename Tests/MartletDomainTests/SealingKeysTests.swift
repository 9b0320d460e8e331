import Crypto
import MartletDomain
import MartletTestSupport
import Synchronization
import Testing

@Suite struct SealingKeysTests {
  private let old = SymmetricKey(data: SeededRandom(seed: 1).bytes(32))
  private let new = SymmetricKey(data: SeededRandom(seed: 2).bytes(32))
  private let place = SealContext(tenant: "acme", record: "thing", id: [1], column: "value")

  /// While both are there, what either sealed opens; when the old one left, it still does in processes that knew it, and
  /// in no other.
  @Test func R_81_aProcessLearnsOfAKeyWithoutARestart() throws {
    let file = Held([old])
    let made = SealingKeys([old], reading: { file.keys })
    let keys = try #require(made)
    let sealer = Sealer(keys: keys, root: old)
    let before = try sealer.seal([7], in: place)
    file.keys = [new, old]
    #expect(keys.readAgain())
    #expect(!keys.readAgain())
    #expect(sealer.keyName == Sealer.name(of: new) && keys.names.count == 2)
    let after = try sealer.seal([8], in: place)
    #expect(try sealer.open(before, in: place) == [7])
    #expect(try sealer.open(after, in: place) == [8])
    #expect(try Sealer(key: new).open(after, in: place) == [8])
    file.keys = [new]
    #expect(keys.readAgain())
    #expect(keys.names == [Sealer.name(of: new)])
    #expect(try sealer.open(before, in: place) == [7])
    #expect(throws: SealError.unknownKey(Sealer.name(of: old))) { try Sealer(key: new).open(before, in: place) }
  }

  /// A value under an unknown key leads to one look, and no more for a while: strangers can invent such values.
  @Test func R_81_anUnknownKeyIsLookedForOnce() throws {
    let file = Held([new, old])
    let made = SealingKeys([old], reading: { file.keys })
    let keys = try #require(made)
    let sealer = Sealer(keys: keys, root: nil)
    let sealed = try Sealer(key: new).seal([9], in: place)
    #expect(try sealer.open(sealed, in: place) == [9])
    let foreign = try Sealer(key: SymmetricKey(data: SeededRandom(seed: 3).bytes(32))).seal([1], in: place)
    for _ in 0..<100 { #expect(throws: SealError.self) { try sealer.open(foreign, in: place) } }
    #expect(file.looks < 50)
  }

  @Test func R_81_keysForSinglePurposesStay() throws {
    let made = SealingKeys([old], reading: { [new] in [new] })
    let keys = try #require(made)
    let sealer = Sealer(keys: keys, root: nil)
    let before = sealer.derivedKey(for: "forms")
    keys.readAgain()
    #expect(sealer.derivedKey(for: "forms") == before)
  }
}

/// A key file that counts who looks.
private final class Held: Sendable {
  private let state: Mutex<(keys: [SymmetricKey], looks: Int)>

  init(_ keys: [SymmetricKey]) { state = Mutex((keys, 0)) }

  var keys: [SymmetricKey] {
    get {
      state.withLock { state in
        state.looks += 1
        return state.keys
      }
    }
    set { state.withLock { $0.keys = newValue } }
  }

  var looks: Int { state.withLock { $0.looks } }
}
