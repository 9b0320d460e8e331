import Crypto
import OAuthProtocol
import StrictCoding

/// Signs whatever it is told to, with a header of any shape.
struct TokenForge {
  let key: P256.Signing.PrivateKey

  init() throws {
    let scalar = [UInt8](repeating: 0, count: 31) + [7]
    key = try P256.Signing.PrivateKey(rawRepresentation: scalar)
  }

  var publicKey: JSONWebKey { JSONWebKey(p256: key.publicKey, keyID: "k1") }

  static let header = #"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#
  static let payload = #"{"iss":"https://gw.example","aud":"https://gw.example/time/mcp","sub":"u","exp":1900000000}"#

  func token(header: String = TokenForge.header, payload: String = TokenForge.payload) throws -> String {
    let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
    let signature = try key.signature(for: Array(input.utf8))
    return input + "." + Base64URL.encode(Array(signature.rawRepresentation))
  }

  /// What a verifier with this key would make of a token: nil if it passes.
  func refusal(_ token: String) -> String? {
    do {
      let parsed = try JSONWebSignature(compact: token)
      return ES256.verify(parsed, key: publicKey) ? nil : "signature"
    } catch { return "\(error)" }
  }
}
