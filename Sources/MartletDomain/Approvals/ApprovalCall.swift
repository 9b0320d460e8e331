import Crypto
import StrictCoding

/// The one call that an approval is for. Whatever differs is another call (V-032).
public struct ApprovalCall: Hashable, Sendable {
  /// Who calls, through which client or key, at which route.
  public var caller: PrincipalBinding
  /// What the caller's API key is called; `nil` for an access token.
  public var key: String?
  /// The MCP method.
  public var method: String
  /// The tool, prompt or resource.
  public var target: ByteString
  /// SHA-256 of the parameters in their canonical form.
  public var arguments: [UInt8]
  /// SHA-256 of the tool's definition; empty for what has none.
  public var definition: [UInt8]
  /// SHA-256 of the policy in force.
  public var policy: [UInt8]
  /// The rule that wants an approval.
  public var rule: String

  /// Describes a call.
  public init(
    caller: PrincipalBinding, key: String?, method: String, target: ByteString, arguments: [UInt8],
    definition: [UInt8], policy: [UInt8], rule: String
  ) {
    self.caller = caller
    self.key = key
    self.method = method
    self.target = target
    self.arguments = arguments
    self.definition = definition
    self.policy = policy
    self.rule = rule
  }

  /// SHA-256 of everything that tells this call from others: what an approval for once is bound to.
  public var binding: [UInt8] { Self.digest("call", scopeParts + [arguments]) }

  /// The same without the arguments: what an approval for a time is bound to.
  public var scope: [UInt8] { Self.digest("scope", scopeParts) }

  private var scopeParts: [[UInt8]] {
    [
      caller.tenant.value.bytes, caller.issuer.bytes, caller.subject.bytes, caller.client.value.bytes,
      Array(caller.route.path.utf8), Array(method.utf8), target.bytes, definition, policy, Array(rule.utf8),
    ]
  }

  /// SHA-256 of bytes.
  public static func digest(of bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

  private static func digest(_ purpose: String, _ parts: [[UInt8]]) -> [UInt8] {
    var hash = SHA256()
    for part in [Array("martlet approval \(purpose)".utf8)] + parts {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: part.count).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: part)
    }
    return Array(hash.finalize())
  }
}
