import Crypto
import OAuthProtocol
import StrictCoding
import Testing

@Suite struct JSONWebKeyTests {
  private let n =
    """
    0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB\
    ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8\
    KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_\
    xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw
    """

  @Test func rfc7638Thumbprint() throws {
    let key = try JSONWebKey(json: json(#"{"kty":"RSA","n":"\#(n)","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#))
    #expect(key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    #expect(key.allows(.rs256) && !key.allows(.rs512) && !key.allows(.es256))
  }

  @Test func rfc8037Thumbprint() throws {
    let key = try JSONWebKey(
      json: json(#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#))
    #expect(key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    #expect(key.allows(.edDSA) && !key.allows(.es256))
  }

  @Test func rfc7515ExampleVerifies() throws {
    let key = try JSONWebKey(
      json: json(
        #"""
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\#
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        """#
      ))
    let token = try JSONWebSignature(
      compact:
        """
        eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9\
        pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqP\
        P3-Kg6NU1Q
        """
    )
    #expect(ES256.verify(token, key: key))
  }

  @Test func roundTrip() throws {
    let forge = try TokenForge()
    let set = JSONWebKeySet([forge.publicKey])
    let bytes = JSONWriter.write(set.json())
    #expect(try JSONWebKeySet(parsing: bytes) == set)
    #expect(!text(bytes).contains("\"d\""))
    for source in [
      #"{"kty":"RSA","n":"\#(n)","e":"AQAB"}"#,
      #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    ] {
      let key = try JSONWebKey(json: json(source))
      #expect(try JSONWebKey(json: key.json()) == key)
    }
  }

  private var unusable: [String] {
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
    let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    let zero = Base64URL.encode([UInt8](repeating: 0, count: 32))
    let short = Base64URL.encode([UInt8](repeating: 0xFF, count: 255))
    let padded = Base64URL.encode([0] + [UInt8](repeating: 0xFF, count: 256))
    let huge = Base64URL.encode([UInt8](repeating: 0xFF, count: 1025))
    let even = Base64URL.encode([UInt8](repeating: 0xFE, count: 256))
    return [
      "{}", "[]", "null", #"{"kty":"oct","k":"AAAA"}"#, #"{"kty":"EC"}"#, #"{"kty":"EC","crv":"P-256","x":"\#(x)"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(y)","y":"\#(x)"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(zero)","y":"\#(zero)"}"#,
      #"{"kty":"EC","crv":"P-384","x":"\#(x)","y":"\#(y)"}"#,
      #"{"kty":"EC","crv":"secp256k1","x":"\#(x)","y":"\#(y)"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x)=","y":"\#(y)"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x.dropLast())V","y":"\#(y)"}"#,
      #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)","d":"\#(x)"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)","k":"AAAA"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)","use":"enc"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)","alg":"RS256"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)","alg":"HS256"}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)","key_ops":["sign"]}"#,
      #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)","kid":7}"#, #"{"kty":"RSA","n":"\#(short)","e":"AQAB"}"#,
      #"{"kty":"RSA","n":"\#(padded)","e":"AQAB"}"#, #"{"kty":"RSA","n":"\#(huge)","e":"AQAB"}"#,
      #"{"kty":"RSA","n":"\#(even)","e":"AQAB"}"#,
      #"{"kty":"RSA","n":"\#(n)","e":"AQ"}"#, #"{"kty":"RSA","n":"\#(n)","e":"AAAB"}"#,
      #"{"kty":"RSA","n":"\#(n)","e":"AQAC"}"#,
      #"{"kty":"RSA","n":"\#(n)","e":""}"#, #"{"kty":"RSA","n":"","e":"AQAB"}"#,
      #"{"kty":"RSA","n":"\#(n)","e":"AQABAQAB"}"#,
      #"{"kty":"RSA","n":"\#(n)","e":"AQAB","d":"AQAB"}"#, #"{"kty":"OKP","crv":"X25519","x":"\#(x)"}"#,
      #"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#,
    ]
  }

  @Test func V_056_unusableKeysAreRefusedAndIgnoredInSets() throws {
    for source in unusable {
      let value = try json(source)
      #expect(throws: JOSEError.self, "\(source)") { try JSONWebKey(json: value) }
    }
    let forge = try TokenForge()
    let mixed = JSONValue.object(["keys": .array(try unusable.map { try json($0) } + [forge.publicKey.json()])])
    #expect(try JSONWebKeySet(json: mixed).keys == [forge.publicKey])
  }

  @Test func setsAreBounded() throws {
    let forge = try TokenForge()
    let many = JSONValue.object(["keys": .array(Array(repeating: forge.publicKey.json(), count: 101))])
    #expect(throws: JOSEError.keySet) { try JSONWebKeySet(json: many) }
    for bad in ["[]", "{}", #"{"keys":{}}"#, "null"] {
      #expect(throws: JOSEError.keySet) { try JSONWebKeySet(parsing: Array(bad.utf8)) }
    }
  }

  @Test func V_056_aKeyServesItsOwnAlgorithmOnly() throws {
    let key = try JSONWebKey(json: json(#"{"kty":"RSA","n":"\#(n)","e":"AQAB","kid":"k1","alg":"RS256"}"#))
    for algorithm in [JWSAlgorithm.rs384, .rs512, .ps256, .ps384, .ps512, .es256, .edDSA] {
      #expect(!key.allows(algorithm), "\(algorithm)")
    }
    #expect(key.allows(.rs256))
    let claimed = try JSONWebSignature(compact: TokenForge().token(header: #"{"alg":"PS256","kid":"k1"}"#))
    #expect(JSONWebKeySet([key]).candidates(for: claimed).isEmpty)
  }

  @Test func V_056_algorithmConfusion() throws {
    let forge = try TokenForge()
    let rsa = try JSONWebKey(json: json(#"{"kty":"RSA","n":"\#(n)","e":"AQAB","kid":"k1"}"#))
    #expect(!ES256.verify(try JSONWebSignature(compact: forge.token()), key: rsa))
    let claimed = try JSONWebSignature(compact: forge.token(header: #"{"alg":"RS256","kid":"k1"}"#))
    #expect(!ES256.verify(claimed, key: forge.publicKey))
    #expect(JSONWebKeySet([forge.publicKey, rsa]).candidates(for: claimed).count == 1)
  }
}
