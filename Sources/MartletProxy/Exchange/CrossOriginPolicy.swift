/// What browsers are told (X12): routes answer pages of our own origin and of those allowed, never with cookies.
struct CrossOriginPolicy {
  /// The router refuses foreign origins; its refusal is readable to no page.
  let origin: PresentedOrigin

  private var allowedOrigin: String? {
    if case .allowed(let origin) = origin { origin } else { nil }
  }

  /// The head of a relayed JSON answer: the most frequent one is made once.
  var jsonHead: GatewayResponse.Head {
    if allowedOrigin == nil { return Self.plainJSONHead }
    var head = GatewayResponse.Head(status: 200, type: "application/json")
    decorate(&head)
    return head
  }

  private static let plainJSONHead: GatewayResponse.Head = {
    var head = GatewayResponse.Head(status: 200, type: "application/json")
    head.headers.add("vary", "Origin")
    head.headers = head.headers.writtenOut()
    return head
  }()

  func decorate(_ head: inout GatewayResponse.Head) {
    head.headers.add("vary", "Origin")
    guard let allowedOrigin else { return }
    head.headers.add("access-control-allow-origin", allowedOrigin)
    head.headers.add(
      "access-control-expose-headers", "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After")
  }

  func preflight() -> GatewayResponse {
    GatewayResponse(status: 204)
      .adding("access-control-allow-methods", "GET, POST, DELETE, OPTIONS")
      .adding(
        "access-control-allow-headers",
        "Authorization, X-API-Key, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, "
          + "Last-Event-ID, DPoP, *"
      )
      .adding("access-control-max-age", "600")
  }
}
