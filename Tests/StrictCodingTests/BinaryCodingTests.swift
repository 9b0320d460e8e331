import MartletTestSupport
import StrictCoding
import Testing

@Suite struct BinaryCodingTests {
  @Test(arguments: [
    ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
    ("foobar", "Zm9vYmFy"),
  ])
  func base64Vectors(plain: String, encoded: String) {
    #expect(Base64URL.encode(plain.utf8) == encoded)
    #expect(Base64URL.decode(encoded) == Array(plain.utf8))
    let padded = encoded + String(repeating: "=", count: (4 - encoded.count % 4) % 4)
    #expect(Base64.encode(plain.utf8) == padded)
    #expect(Base64.decode(padded) == Array(plain.utf8))
  }

  @Test(arguments: [
    "SGVsbG9=", "SGVsbG9", "SGVsbG9 ", "SGVs\nbG8", "Zh", "Zm9", "Z", "Zm9vYg==", "Zg=", "+/", "Zm9v.", "Zm9v\u{0}",
    "Ｚg",
  ])
  func S_13_nonCanonicalURLForms(text: String) {
    let isCanonical = Base64URL.decode(text).map { Base64URL.encode($0).equalsBytewise(text) }
    #expect(isCanonical == nil, "\(text)")
  }

  @Test(arguments: ["SGVsbG9=", "Zg", "Zg=", "Zh==", "Zm9=", "====", "A===", "Zg==\n", "Z g=", "-_==", "Zg==Zg==", "="])
  func S_13_nonCanonicalPaddedForms(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test func S_13_decodeThenEncodeGivesTheInput() {
    var generator = SeededGenerator(fuzzSeed: 13)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ".utf8)
    for _ in 0..<5000 {
      let text = (0..<Int.random(in: 0...12, using: &generator)).compactMap { _ in
        alphabet.randomElement(using: &generator)
      }
      if let bytes = Base64URL.decode(text) { #expect(Array(Base64URL.encode(bytes).utf8) == text) }
      if let bytes = Base64.decode(text) { #expect(Array(Base64.encode(bytes).utf8) == text) }
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
      #expect(Hex.decode(Hex.encode(bytes)) == bytes)
    }
  }

  @Test func hex() {
    #expect(Hex.encode([0, 0x0F, 0xAB, 0xFF]) == "000fabff")
    #expect(Hex.decode("00fFAb") == [0, 0xFF, 0xAB])
    for text in ["0", "0g", "0x", " 00", "００"] { #expect(Hex.decode(text) == nil) }
  }

  @Test func percentCoding() {
    #expect(PercentCoding.encodeComponent("a b/é~-._") == "a%20b%2F%C3%A9~-._")
    #expect(PercentCoding.decode("a+b%2f%C3%A9") == Array("a+b/é".utf8))
    for text in ["%", "%1", "%zz", "%%20"] { #expect(PercentCoding.decode(text) == nil) }
    #expect(PercentCoding.decode("%FF") == [0xFF])
  }
}
