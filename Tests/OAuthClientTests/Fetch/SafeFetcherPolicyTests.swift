import OAuthProtocol
import Testing

@testable import OAuthClient

@Suite struct SafeFetcherPolicyTests {
  static let rebindingFetches = 10_000

  static func address(_ text: String) throws(FetchError) -> IPAddress {
    guard let address = IPAddress(text) else { throw .unresolvable(text) }
    return address
  }

  static func addresses(_ texts: [String]) throws(FetchError) -> [IPAddress] {
    var found: [IPAddress] = []
    for text in texts { found.append(try address(text)) }
    return found
  }

  @Test func V_090_rebinding() async throws {
    let resolver = ScriptedResolver { turn, _ throws(FetchError) in
      try Self.addresses([turn.isMultiple(of: 2) ? "127.0.0.1" : "93.184.216.34"])
    }
    let connector = RecordingConnector()
    let fetcher = SafeFetcher(policy: AddressPolicy(), resolver: resolver, connector: connector)
    let url = try AbsoluteURL(parsing: "https://rebind.example/client.json")
    var refused = 0
    for _ in 0..<Self.rebindingFetches {
      do { _ = try await fetcher.get(url) } catch { refused += 1 }
    }
    #expect(resolver.count == Self.rebindingFetches, "one resolution per fetch, none again for connecting")
    #expect(refused == Self.rebindingFetches / 2)
    #expect(connector.addresses.count == Self.rebindingFetches / 2)
    #expect(connector.addresses.allSatisfy { $0.description == "93.184.216.34" })
  }

  @Test(arguments: [
    ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["93.184.216.34", "::1", "8.8.8.8"],
  ])
  func V_090_everyAddressIsChecked(answer: [String]) async throws {
    let connector = RecordingConnector()
    let resolver = ScriptedResolver { _, _ throws(FetchError) in try Self.addresses(answer) }
    let fetcher = SafeFetcher(policy: AddressPolicy(), resolver: resolver, connector: connector)
    await #expect(throws: FetchError.self) {
      _ = try await fetcher.get(try AbsoluteURL(parsing: "https://mixed.example/"))
    }
    #expect(connector.addresses.isEmpty)
  }

  @Test func V_091_noBlockedAddressIsConnectedTo() async throws {
    let connector = RecordingConnector()
    for text in AddressPolicyTests.blocked {
      let resolver = ScriptedResolver { _, _ throws(FetchError) in try Self.addresses([text]) }
      let fetcher = SafeFetcher(policy: AddressPolicy(), resolver: resolver, connector: connector)
      let literal = text.contains(":") ? "[\(text)]" : text
      for host in ["name.example", literal] {
        let url = try AbsoluteURL(parsing: "https://\(host)/client.json")
        await #expect(throws: FetchError.self) { _ = try await fetcher.get(url) }
      }
    }
    #expect(connector.addresses.isEmpty)
  }

  @Test func plainHTTPNeedsAnExplicitlyAllowedAddress() async throws {
    let connector = RecordingConnector()
    let allow = try [#require(CIDR("127.0.0.0/8"))]
    let resolver = ScriptedResolver { _, host throws(FetchError) in
      try Self.addresses(host == "localhost" ? ["::1", "127.0.0.1"] : ["93.184.216.34"])
    }
    let fetcher = SafeFetcher(policy: AddressPolicy(allow: allow), resolver: resolver, connector: connector)
    _ = try await fetcher.get(try AbsoluteURL(parsing: "http://localhost/x"))
    _ = try await fetcher.get(try AbsoluteURL(parsing: "http://127.0.0.1:99/x"))
    await #expect(throws: FetchError.self) {
      _ = try await fetcher.get(try AbsoluteURL(parsing: "http://public.example/x"))
    }
    #expect(connector.addresses.map(\.description) == ["127.0.0.1", "127.0.0.1"])
  }

  @Test func operatorConfiguredDestinationsMayBePrivate() async throws {
    let connector = RecordingConnector()
    let resolver = ScriptedResolver { _, _ throws(FetchError) in try Self.addresses(["10.0.0.7"]) }
    let fetcher = SafeFetcher(policy: nil, resolver: resolver, connector: connector)
    _ = try await fetcher.get(try AbsoluteURL(parsing: "http://id.internal/x"))
    #expect(connector.addresses.map(\.description) == ["10.0.0.7"])
  }
}
