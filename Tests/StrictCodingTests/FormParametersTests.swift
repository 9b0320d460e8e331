import MartletTestSupport
import StrictCoding
import Testing

@Suite struct FormParametersTests {
  @Test func decodesInOrder() throws {
    let form = try FormParameters(parsing: "a=1&b=x+y%20z&&c&=d&e=%C3%A9=%3D&")
    #expect(form.parameters.map(\.name) == ["a", "b", "c", "", "e"])
    #expect(form.parameters.map(\.value) == ["1", "x y z", "", "d", "é=="])
    #expect(try form.single("b") == "x y z")
    #expect(try form.single("missing") == nil)
    #expect(try form.single("c") == "")
    #expect(try FormParameters(parsing: "").parameters.isEmpty)
  }

  @Test func repeatedNamesAreTold() throws {
    let form = try FormParameters(parsing: "state=1&%73tate=2&scope=a")
    #expect(form.values("state") == ["1", "2"])
    #expect(form.names == ["state", "scope"])
    #expect(throws: FormError.repeated("state")) { try form.single("state") }
    #expect(try form.single("scope") == "a")
  }

  @Test(arguments: [
    ("a=%", FormError.invalidEscape), ("a=%4", .invalidEscape), ("a=%G0", .invalidEscape), ("%=1", .invalidEscape),
    ("a=%+1", .invalidEscape), ("a=%FF", .invalidText), ("%C0%80=1", .invalidText), ("a=%ED%A0%80", .invalidText),
    ("a=%00", .invalidText),
  ])
  func S_06_brokenInput(text: String, error: FormError) {
    #expect(throws: error) { try FormParameters(parsing: text) }
  }

  @Test func S_03_namesAreBytes() throws {
    let form = try FormParameters(parsing: "caf%C3%A9=1&cafe%CC%81=2")
    #expect(try form.single("caf\u{E9}") == "1")
    #expect(try form.single("cafe\u{301}") == "2")
    #expect(form.names.count == 2)
  }

  @Test func limits() throws {
    let pairs = (0..<64).map { "p\($0)=1" }.joined(separator: "&")
    #expect(try FormParameters(parsing: pairs).parameters.count == 64)
    #expect(throws: FormError.tooManyParameters) { try FormParameters(parsing: pairs + "&q=1") }
    let value = String(repeating: "v", count: 16 * 1024)
    #expect(try FormParameters(parsing: "a=\(value)").single("a")?.utf8.count == 16 * 1024)
    #expect(throws: FormError.valueTooLong) { try FormParameters(parsing: "a=\(value)v") }
    #expect(throws: FormError.nameTooLong) { try FormParameters(parsing: String(repeating: "n", count: 257) + "=1") }
    #expect(throws: FormError.tooLong) { try FormParameters(parsing: "abcdef", limits: FormLimits(totalBytes: 5)) }
  }

  @Test func encodes() throws {
    let pairs = [("a b", "é&="), ("redirect_uri", "http://127.0.0.1:1/x?y=z#~*"), ("empty", "")]
    let encoded = FormParameters.encode(pairs)
    #expect(
      encoded
        == "a+b=%C3%A9%26%3D&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fx%3Fy%3Dz%23%7E*&empty=")
    let decoded = try FormParameters(parsing: encoded)
    #expect(decoded.parameters.map(\.name) == pairs.map(\.0))
    #expect(decoded.parameters.map(\.value) == pairs.map(\.1))
  }

  @Test func S_15_formFuzzDecodesStably() throws {
    var mutator = Mutator(seed: 3, tokens: ["%", "%2", "%C3", "&", "=", "+", "%00", "grant_type="])
    let seed = Array("grant_type=authorization_code&code=a%2Bb+c&redirect_uri=http%3A%2F%2Flocalhost&x=%C3%A9".utf8)
    var accepted = 0
    for _ in 0..<CaseCount.of("S-15", reduced: 3000, full: 500_000) {
      guard let form = try? FormParameters(parsing: mutator.mutate(seed)) else { continue }
      accepted += 1
      let again = FormParameters.encode(form.parameters.map { ($0.name, $0.value) })
      #expect(try FormParameters(parsing: again) == form)
      for name in form.names where form.values(name).count > 1 {
        #expect(throws: FormError.repeated(name)) { try form.single(name) }
      }
    }
    #expect(accepted > 500)
  }
}
