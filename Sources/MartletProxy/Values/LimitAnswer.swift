import MCPProtocol
import MartletPolicy
import StrictCoding

/// What a client hears of a limit: HTTP 429, when to come back, and words that an agent can act on.
///
/// Conforms to: RFC 6585 §4; RFC 9110 §10.2.3; draft-ietf-httpapi-ratelimit-headers-10.
struct LimitAnswer {
  private let refusal: LimitRefusal

  init(_ refusal: LimitRefusal) { self.refusal = refusal }

  func response(to id: JSONRPCID?) -> GatewayResponse {
    let data: JSONValue = [
      "retry_after": .integer(Int64(refusal.retryAfter)), "limit": .string(refusal.limit),
      "kind": .string(refusal.kind.rawValue),
    ]
    let body = JSONRPCErrorBody.encode(id: id, code: .limited, message: words, data: data)
    return .json(429, body).adding("retry-after", String(refusal.retryAfter))
      .adding("ratelimit-policy", "\"\(refusal.limit)\";q=\(refusal.quota)\(unit)")
      .adding("ratelimit", "\"\(refusal.limit)\";r=0;t=\(refusal.retryAfter)")
  }

  private var unit: String {
    refusal.kind == .concurrency ? ";qu=\"concurrent-requests\"" : ";w=\(refusal.window)"
  }

  private var words: String {
    let seconds = refusal.retryAfter == 1 ? "1 second" : "\(refusal.retryAfter) seconds"
    switch refusal.kind {
    case .rate:
      return "Too many calls: the limit \(refusal.limit) is \(refusal.quota) in \(refusal.window) s. "
        + "Wait \(seconds), then go on more slowly."
    case .concurrency:
      return "Too many calls at the same time: the limit \(refusal.limit) is \(refusal.quota). "
        + "Wait until one of them has ended."
    case .loop:
      return "This call came \(refusal.quota) times within \(refusal.window) s with the same arguments, which looks "
        + "like a loop. Use the answers that are there, change the arguments, or stop. It is taken again in \(seconds)."
    case .daily:
      return "No calls are left for today: the limit \(refusal.limit) is \(refusal.quota) a day, counted in UTC. "
        + "Stop; calls are taken again in \(seconds)."
    }
  }
}
