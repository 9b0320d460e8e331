/// What browsers are told (X12): routes answer pages of our own origin and of those allowed, never with cookies.
struct CrossOriginPolicy {
  private let allowedOrigin: String?

  init(request: IncomingRequest, router: RequestRouter) {
    // The router refuses foreign origins; its refusal is readable to no page.
    let origins = request.headers.values("origin")
    allowedOrigin = origins.count == 1 && router.allowsOrigin(origins[0]) ? origins[0] : nil
  }

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
        "Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, "
          + "Last-Event-ID, DPoP, *"
      )
      .adding("access-control-max-age", "600")
  }
}
