import OAuthClient
import OAuthProtocol
import Testing

@testable import MartletServer

struct FrontDoorSettingsTests {
  private func settings(_ origin: String = "https://gw.example", isLoopback: Bool = false, proxies: [String] = [])
    throws -> FrontDoorSettings
  {
    FrontDoorSettings(
      origin: try #require(HTTPOrigin(origin)), extraHosts: ["Other.Example", "strict.example:9", "[2001:db8::1]"],
      listeningPort: 8080,
      isLoopback: isLoopback, isTLS: true,
      trustedProxies: proxies.compactMap { CIDR($0) })
  }

  @Test(arguments: [
    "gw.example", "GW.Example", "gw.example.", "gw.example:443", "other.example", "OTHER.example.",
    "other.example:8443", "Other.Example.:1", "strict.example:9", "[2001:db8::1]", "[2001:db8::1]:443",
  ])
  func V_010_ourNames(host: String) throws { #expect(try settings().accepts(host: host)) }

  @Test(arguments: [
    "", ".", "evil.example", "gw.example:80", "gw.example..", "x.gw.example", "gw.example.evil", "gw.example@evil",
    "127.0.0.1:8080", "localhost:8080",
    "gw.exampl\u{17F}", "gw.\u{212A}xample", "gw.example:", "gw.example, evil.example", "gw.example:443:443",
    "other.example:", "other.example:x", "other.example:1:2", "other.example:123456",
    "strict.example", "strict.example:10", "x.other.example:8443", "[2001:db8::1", "[2001:db8::2]:443",
    "[::1]:8080",
  ])
  func V_010_allOthers(host: String) throws { #expect(try !settings().accepts(host: host)) }

  @Test func V_010_loopbackHasItsNames() throws {
    let settings = try settings("http://127.0.0.1:8080", isLoopback: true)
    for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "LOCALHOST:8080"] {
      #expect(settings.accepts(host: host))
    }
    for host in ["127.0.0.1", "127.0.0.1:8081", "127.0.0.2:8080", "0.0.0.0:8080", "2130706433:8080"] {
      #expect(!settings.accepts(host: host))
    }
  }

  @Test func V_085_onlyDeclaredProxiesAreBelieved() throws {
    #expect(try settings().clientAddress(peer: "10.0.0.1", forwarded: ["203.0.113.9"]) == "10.0.0.1")
    let settings = try settings(proxies: ["10.0.0.0/8"])
    #expect(settings.clientAddress(peer: "192.0.2.1", forwarded: ["203.0.113.9"]) == "192.0.2.1", "this peer is none")
    #expect(settings.clientAddress(peer: "10.0.0.1", forwarded: []) == "10.0.0.1")
  }

  @Test(arguments: [
    (["203.0.113.9"], "203.0.113.9"), (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
    (["203.0.113.9, 10.1.1.1"], "203.0.113.9"),
    (["198.51.100.1", "203.0.113.9"], "203.0.113.9"), (["10.1.1.1"], "10.1.1.1"), (["203.0.113.9, evil"], "10.0.0.1"),
    (["203.0.113.9, <script>"], "10.0.0.1"), (["evil, 203.0.113.9"], "203.0.113.9"),
    (["203.0.113.9, evil, 10.1.1.1"], "10.1.1.1"),
    (["2001:db8::1"], "2001:db8::1"), (["203.0.113.9:443"], "10.0.0.1"), ([""], "10.0.0.1"), ([","], "10.0.0.1"),
    (["0x7f.1"], "10.0.0.1"),
  ])
  func V_085_theRightMostHopThatNoProxyStandsFor(forwarded: [String], expected: String) throws {
    #expect(try settings(proxies: ["10.0.0.0/8"]).clientAddress(peer: "10.0.0.1", forwarded: forwarded) == expected)
  }
}
