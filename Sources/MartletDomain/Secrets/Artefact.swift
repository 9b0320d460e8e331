import Crypto
import StrictCoding

/// Things that prove something by being presented. Each kind has its own prefix and its own hash domain, so that one
/// can't stand in for another (V-055).
public enum ArtefactKind: String, Sendable, CaseIterable {
  /// An authorization code.
  case authorizationCode = "mcd"
  /// A refresh token.
  case refreshToken = "mrf"
  /// A browser's login session.
  case loginSession = "mls"
  /// A browser, before and after login.
  case browser = "mbr"
  /// An MCP session id that a client sees.
  case mcpSession = "mse"
  /// The stream of a client of 2024-11-05, as its endpoint names it; kept in memory only.
  case eventStream = "mes"
  /// The `state` that Martlet sends to an identity provider.
  case federationState = "mfs"
  /// The ticket of a link that leads to connecting an account.
  case connectTicket = "mct"
  /// The `state` that Martlet sends to the authorization server of an account.
  case connectState = "mcx"
  /// A device code (RFC 8628).
  case deviceCode = "mdc"
  /// A client secret.
  case clientSecret = "mcs"

  /// Makes a new value: the prefix, `_`, and 256 random bits in base64url.
  public func mint(_ random: some RandomSource) -> Secret {
    Secret(rawValue + "_" + Base64URL.encode(random.bytes(32)))
  }

  /// What a store keeps of a value.
  ///
  /// - Parameter presented: The value as it came; `nil` is returned when it can't be of this kind.
  public func digest(_ presented: some Sequence<UInt8>) -> ArtefactDigest? {
    let bytes = Array(presented)
    let length = rawValue.utf8.count
    guard bytes.count <= 128, bytes.count > length, bytes[length] == UInt8(ascii: "_"),
      rawValue.utf8.elementsEqual(bytes[..<length])
    else { return nil }
    return ArtefactDigest(kind: self, of: bytes)
  }

  /// What a store keeps of a value that was just minted.
  public func digest(_ secret: Secret) -> ArtefactDigest { ArtefactDigest(kind: self, of: secret.expose()) }
}

/// SHA-256 of a presented artefact under its kind's domain. Artefacts carry 256 random bits, so no slow hash is needed
///
public struct ArtefactDigest: Hashable, Sendable {
  private let digest: InlineDigest

  /// The 32 bytes.
  public var bytes: [UInt8] { digest.withBytes { Array($0) } }

  /// Restores a digest from a store.
  ///
  /// - Parameter bytes: 32 bytes. What is missing is zero, and what is beyond isn't looked at.
  public init(bytes: [UInt8]) { digest = bytes.withUnsafeBytes { InlineDigest($0) } }

  /// What is kept of a client secret of whatever form: in a configuration file a person may have chosen it.
  ///
  /// A secret that `ArtefactKind.clientSecret` minted has the same digest this way as the other.
  public init(clientSecret secret: some Sequence<UInt8>) { self.init(kind: .clientSecret, of: Array(secret)) }

  init(kind: ArtefactKind, of value: [UInt8]) {
    let domain: StaticString = "martlet artefact "
    let start = domain.utf8CodeUnitCount + kind.rawValue.utf8.count + 1
    var hash = SHA256()
    // In one piece: each has its price.
    withUnsafeTemporaryAllocation(byteCount: start + value.count, alignment: 1) { piece in
      domain.withUTF8Buffer { piece.copyMemory(from: UnsafeRawBufferPointer($0)) }
      var kind = kind.rawValue
      kind.withUTF8 {
        UnsafeMutableRawBufferPointer(rebasing: piece[domain.utf8CodeUnitCount...]).copyMemory(
          from: UnsafeRawBufferPointer($0))
      }
      piece[start - 1] = 0
      value.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: piece[start...]).copyMemory(from: $0) }
      hash.update(bufferPointer: UnsafeRawBufferPointer(piece))
    }
    digest = hash.finalize().withUnsafeBytes { InlineDigest($0) }
  }
}
