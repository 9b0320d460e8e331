import Crypto
import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@Suite struct SealerTests {
  let sealer = Sealer(key: SymmetricKey(data: SeededRandom(seed: 21).bytes(32)))

  /// A ciphertext moved to another tenant, record, id, column or version doesn't open.
  @Test func A_21_everySwapIsRefused() throws {
    var contexts: [SealContext] = []
    for tenant in ["default", "acme", "acm"] as [TenantID] {
      for record in ["signing_key", "refresh_token"] {
        for id in ["1", "11", "", "e1"] {
          for column in ["private_key", "reply"] {
            for version in [1, 2, 11] {
              contexts.append(
                SealContext(tenant: tenant, record: record, id: id.utf8, column: column, version: version))
            }
          }
        }
      }
    }
    #expect(Set(contexts).count == contexts.count)
    let sealed = try contexts.map { try sealer.seal(Array("secret".utf8), in: $0) }
    for (row, value) in sealed.enumerated() {
      for (column, context) in contexts.enumerated() {
        if row == column {
          #expect(try sealer.open(value, in: context) == Array("secret".utf8))
        } else {
          #expect(throws: SealError.notAuthentic) { try sealer.open(value, in: context) }
        }
      }
    }
  }

  /// Parts that only together spell the same are different places.
  @Test func A_21_partsDoNotRunIntoEachOther() throws {
    let left = SealContext(tenant: "a", record: "bc", id: "d".utf8, column: "e")
    let right = SealContext(tenant: "ab", record: "c", id: "d".utf8, column: "e")
    #expect(throws: SealError.notAuthentic) { try sealer.open(try sealer.seal([1], in: left), in: right) }
  }

  @Test func everyFlippedBitIsRefused() throws {
    let context = SealContext(tenant: .default, record: "r", id: [1], column: "c")
    let sealed = try sealer.seal([1, 2, 3], in: context)
    for index in sealed.indices {
      for bit in 0..<8 {
        var altered = sealed
        altered[index] ^= 1 << UInt8(bit)
        #expect(throws: SealError.self) { try sealer.open(altered, in: context) }
      }
    }
    for length in 0..<sealed.count {
      #expect(throws: SealError.self) { try sealer.open(Array(sealed[..<length]), in: context) }
    }
    #expect(throws: SealError.self) { try sealer.open(sealed + [0], in: context) }
  }

  @Test func anotherKeyIsNamed() throws {
    let other = Sealer(key: SymmetricKey(data: SeededRandom(seed: 22).bytes(32)))
    let context = SealContext(tenant: .default, record: "r", id: [1], column: "c")
    let sealed = try other.seal([1], in: context)
    #expect(throws: SealError.unknownKey(other.keyName)) { try sealer.open(sealed, in: context) }
    #expect(other.keyName != sealer.keyName)
  }

  @Test func N_31_sealingTwiceDiffers() throws {
    let context = SealContext(tenant: .default, record: "r", id: [1], column: "c")
    #expect(try sealer.seal([1], in: context) != sealer.seal([1], in: context))
  }

  /// A failure is never turned into an empty value, and an empty value never into another.
  @Test func A_24_emptyValueIsNeverMadeUp() throws {
    let context = SealContext(tenant: .default, record: "r", id: [1], column: "c")
    let elsewhere = SealContext(tenant: .default, record: "r", id: [2], column: "c")
    let empty = try sealer.seal([], in: context)
    #expect(throws: SealError.self) { try sealer.open(empty, in: elsewhere) }
    #expect(throws: SealError.self) { try sealer.open([], in: context) }
    let opened = try? sealer.open(empty, in: context)
    #expect(opened == nil || opened == [])
  }

  @Test func derivedKeysDifferByPurpose() {
    let keys = ["csrf", "csrf2", ""].map { sealer.derivedKey(for: $0).withUnsafeBytes { Array($0) } }
    #expect(Set(keys).count == 3)
    #expect(sealer.derivedKey(for: "csrf") == sealer.derivedKey(for: "csrf"))
  }
}
