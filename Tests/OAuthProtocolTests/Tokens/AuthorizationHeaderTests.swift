import OAuthProtocol
import StrictCoding
import Testing

@Suite struct AuthorizationHeaderTests {
  private func error(_ values: [String]) -> AuthorizationHeaderError? {
    do {
      _ = try AuthorizationHeader.parse(values)
      return nil
    } catch { return error }
  }

  @Test func bearer() throws {
    #expect(try AuthorizationHeader.parse([]) == .none)
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
      #expect(try AuthorizationHeader.parse(["\(scheme) a.b-c_d~e+f/g=="]) == .bearer("a.b-c_d~e+f/g=="))
    }
    #expect(try AuthorizationHeader.parse(["Bearer   x"]) == .bearer("x"))
  }

  @Test(arguments: [
    "Bearer", "Bearer ", "Bearer =", "Bearer a b", "Bearer a,b", "Bearer a=b", "Bearer\ta", "Bearer a\u{0}",
    "Bearer a\n", " Bearer a",
    "Bearer \u{E9}", "Bearer a ", "", " ", "Bearer \"a\"", "Basic", "Basic ", "Basic !!!", "Basic YTpi\n",
    "Basic YTpi=", "Basic YQ",
    "Basic Og==", "Basic YQ==", "Basic Onh4", "Basic YTr/", "Basic YToN",
  ])
  func malformedIsNeverAnonymous(_ value: String) { #expect(error([value]) == .malformed) }

  @Test func otherRefusals() {
    #expect(error(["Bearer a", "Bearer a"]) == .repeated)
    #expect(error(["", ""]) == .repeated)
    #expect(error(["DPoP x"]) == .unsupportedScheme)
    #expect(error(["\u{212A}earer x"]) == .malformed)
    #expect(error(["Bearer " + String(repeating: "a", count: 16_384)]) == .tooLong)
    #expect(error(["Bearer " + String(repeating: "a", count: 16_384 - 7)]) == nil)
  }

  @Test func basicHasBothReadings() throws {
    func basic(_ text: String) throws -> BasicCredentials {
      guard case .basic(let value) = try AuthorizationHeader.parse(["Basic \(Base64.encode(Array(text.utf8)))"]) else {
        throw AuthorizationHeaderError.malformed
      }
      return value
    }
    let encoded = try basic("client%3A1:se%2Bcret+x")
    #expect(encoded.raw.user == "client%3A1")
    #expect(encoded.decoded?.user == "client:1")
    #expect(encoded.decoded?.password == "se+cret x")
    #expect(encoded.readings.count == 2)
    let plain = try basic("client:secret:with:colons")
    #expect(plain.readings.map(\.password) == ["secret:with:colons"])
    let percent = try basic("client:100%")
    #expect(percent.decoded == nil)
    #expect(percent.readings.map(\.password) == ["100%"])
    #expect(try basic("client:").raw.password == "")
  }

  @Test func A_09_credentialsPrintRedacted() throws {
    for value in ["Bearer canary", "Basic \(Base64.encode(Array("user:canary".utf8)))"] {
      let header = try AuthorizationHeader.parse([value])
      var dumped = ""
      dump(header, to: &dumped)
      for output in ["\(header)", String(reflecting: header), dumped] { #expect(!output.contains("canary")) }
    }
  }
}
