import MCPProtocol
import MartletDomain
import StrictCoding

/// Seals what a client holds of a call that waits for its input, and opens it again.
///
/// Each round of input has a name, and so a state, of its own. A state opens only for the principal, the route and the very request that it was made for: they are authenticated
/// with it (V-015). It names the process that holds the call.
struct RequestStates: Sendable {
  /// Why a state is of no use.
  enum Refusal: String, Error {
    /// It wasn't made here for this principal and this request, or was altered.
    case notAuthentic = "not_authentic"
    /// It is too old.
    case expired
    /// The call waits, or waited, in another process.
    case otherProcess = "other_process"
  }

  private let sealer: Sealer
  private let node: String
  private let clock: any WallClock

  /// - Parameter node: Names this process, as long as it runs.
  init(sealer: Sealer, node: [UInt8], clock: any WallClock) {
    self.sealer = sealer
    self.node = Base64URL.encode(node)
    self.clock = clock
  }

  func seal(_ call: ParkedCallID, for request: MCPRequest, of binding: PrincipalBinding) -> String? {
    let expiry = clock.now() + BridgeLimits.parked
    let plaintext: JSONValue = [
      "node": .string(node), "call": .string(Base64URL.encode(call.bytes)),
      "exp": .integer(expiry.milliseconds),
    ]
    let sealed = try? sealer.seal(JSONWriter.write(plaintext), in: Self.context(request, binding))
    return sealed.map { Base64URL.encode($0) }
  }

  func open(_ text: String, for request: MCPRequest, of binding: PrincipalBinding) throws(Refusal) -> ParkedCallID {
    guard text.utf8.count <= 1024, let sealed = Base64URL.decode(text),
      let plaintext = try? sealer.open(sealed, in: Self.context(request, binding)),
      let state = try? JSONReader.parse(plaintext), let expiry = state["exp"]?.int64Value,
      let call = state["call"]?.stringValue.flatMap({ Base64URL.decode($0) }),
      let holder = state["node"]?.stringValue
    else { throw .notAuthentic }
    guard Timestamp(milliseconds: expiry) > clock.now() else { throw .expired }
    guard holder.equalsBytewise(node) else { throw .otherProcess }
    return ParkedCallID(bytes: call)
  }

  /// The place of a state: whose it is, and for which request. A retry repeats all but its `_meta` and the answers.
  private static func context(_ request: MCPRequest, _ binding: PrincipalBinding) -> SealContext {
    var params = request.params ?? JSONObject()
    for key in ["_meta", "inputResponses", "requestState"] { params[key] = nil }
    let place: JSONValue = [
      .string(binding.issuer.string), .string(binding.subject.string), .string(binding.client.string),
      .string(binding.route.path), .string(request.method.name), .object(params),
    ]
    return SealContext(
      tenant: binding.tenant, record: "bridge_call", id: place.canonicalDigest, column: "request_state")
  }
}
