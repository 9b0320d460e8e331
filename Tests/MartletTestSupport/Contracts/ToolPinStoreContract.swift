import MartletDomain
import StrictCoding

/// What every `ToolPinStore` must do.
public enum ToolPinStoreContract {
  /// V-031: the first definition is trusted, another one isn't until somebody says so; tenants and routes don't meet.
  public static func changedToolsAreNotTrusted(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let now = Timestamp(seconds: 1_800_000_000)
    let route = RouteID(server: "github")
    func see(_ tool: ByteString, _ digest: [UInt8], isPlain: Bool = true, tenant: TenantID = "acme")
      async throws -> [ByteString]
    {
      try await store.observeTools(
        [SeenTool(tool: tool, digest: digest, isPlain: isPlain)], tenant: tenant, route: route, capacity: 3, at: now
      ).noticed
    }
    func trusted(_ tool: ByteString) async throws -> [UInt8]? {
      try await store.toolPins(tenant: "acme").first { $0.tool == tool }?.trusted
    }
    try expect(try await see("send\u{0}", [1]), is: [])
    try expect(try await see("send\u{0}", [1]), is: [])
    try expect(try await see("send\u{0}", [2]), is: ["send\u{0}"])
    try expect(try await see("send\u{0}", [2]), is: [])
    try expect(try await trusted("send\u{0}"), is: [1])
    try expect(try await store.acceptTool("send\u{0}", tenant: "umbrella", route: route, at: now), is: false)
    try expect(
      try await store.acceptTool("send\u{0}", tenant: "acme", route: RouteID(server: "mail"), at: now), is: false)
    try expect(try await store.acceptTool("send\u{0}", tenant: "acme", route: route, at: now), is: true)
    try expect(try await store.acceptTool("send\u{0}", tenant: "acme", route: route, at: now), is: false)
    try expect(try await trusted("send\u{0}"), is: [2])
    try expect(try await see("odd", [3], isPlain: false), is: ["odd"])
    try expect(try await trusted("odd"), is: nil)
    try expect(try await see("third", [4]), is: [])
    try expect(try await see("fourth", [5]), is: [])
    try expect(try await store.toolPins(tenant: "acme").map(\.tool), is: ["odd", "send\u{0}", "third"])
    try expect(try await see("send\u{0}", [9], tenant: "umbrella"), is: [])
    try expect(try await store.toolPins(tenant: "umbrella").map(\.trusted), is: [[9]])
  }
}
