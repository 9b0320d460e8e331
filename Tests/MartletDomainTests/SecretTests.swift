import Foundation
import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

/// Invariant 7: however it is printed, encoded or reflected, a secret says nothing.
@Suite struct SecretTests {
  struct Holder: Encodable {
    var name = "holder"
    var secret: Secret
    var more: [String: Secret]
    var maybe: Secret?
  }

  let canary = "hunter2-canary"

  @Test func neverPrints() throws {
    let secret = Secret(canary)
    let holder = Holder(secret: secret, more: ["k": secret], maybe: secret)
    var texts = [
      "\(secret)", String(describing: secret), String(reflecting: secret), secret.debugDescription, "\(holder)",
      String(reflecting: holder), "\([secret])", "\(Optional(secret) as Any)", "\(["k": secret])",
      String(describing: Mirror(reflecting: secret).children.map { $0.value }),
      String(decoding: try JSONEncoder().encode(holder), as: UTF8.self),
      String(decoding: try JSONEncoder().encode([secret]), as: UTF8.self),
    ]
    for value in [secret as Any, holder, [secret], Optional(secret) as Any] {
      var dumped = ""
      dump(value, to: &dumped)
      texts.append(dumped)
    }
    let bytes = "\(Array(canary.utf8))".dropFirst().dropLast()
    for text in texts {
      #expect(!text.contains(canary) && !text.contains(bytes), "\(text)")
      #expect(text == "[]" || text.contains("‹redacted›"), "\(text)")
    }
    #expect(Mirror(reflecting: secret).children.isEmpty)
    #expect(Mirror(reflecting: secret).superclassMirror == nil)
  }

  @Test func comparesBytes() {
    let secret = Secret("caf\u{E9}")
    #expect(secret.matches("caf\u{E9}".utf8))
    #expect(!secret.matches("cafe\u{301}".utf8))
    #expect(!secret.matches("".utf8))
    #expect(!secret.matches("caf\u{E9}x".utf8))
    #expect(Secret("").isEmpty && Secret([]).matches([]))
  }

  /// Stores hold digests: what is presented tomorrow must have the one that was kept today.
  @Test func digestsStayAsTheyWereKept() {
    let kept = "eb7e27d7ed4b1448d891c0a71cc9b15cfbb6dd4e6e2bc14f4e081d5b283afc34"
    let digest = ArtefactKind.mcpSession.digest("mse_abc".utf8)
    #expect(digest?.bytes == Hex.decode(kept))
    #expect(digest == Hex.decode(kept).map { ArtefactDigest(bytes: $0) })
    #expect(ArtefactDigest(bytes: [1]) != ArtefactDigest(bytes: [2]))
    #expect(ArtefactDigest(bytes: [UInt8](repeating: 0, count: 31) + [1]) != ArtefactDigest(bytes: []))
  }

  @Test func V_055_kindsHaveTheirOwnPrefixAndDomain() {
    let random = SeededRandom(seed: 55)
    #expect(Set(ArtefactKind.allCases.map(\.rawValue)).count == ArtefactKind.allCases.count)
    for kind in ArtefactKind.allCases {
      let secret = kind.mint(random)
      #expect(secret.expose().count == 4 + 43)
      #expect(kind.digest(secret.expose()) == kind.digest(secret))
      for other in ArtefactKind.allCases where other != kind {
        #expect(other.digest(secret.expose()) == nil)
        #expect(other.digest(secret) != kind.digest(secret))
      }
      #expect(kind.digest([]) == nil)
      #expect(kind.digest(Array(repeating: UInt8(ascii: "m"), count: 1_000_000)) == nil)
    }
  }
}
