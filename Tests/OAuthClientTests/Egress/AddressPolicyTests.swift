import Testing

@testable import OAuthClient

@Suite struct AddressPolicyTests {
  // First, middle and last addresses of every blocked range, and the forms that smuggle an IPv4 address into IPv6.
  static let blocked = """
    0.0.0.0 0.0.0.1 0.1.2.3 0.255.255.255 10.0.0.0 10.0.0.1 10.1.2.3 10.127.255.1 10.200.0.9 10.255.255.255
    100.64.0.0 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.0 127.0.0.1 127.0.0.2 127.0.1.1 127.1.1.1
    127.255.255.255 169.254.0.0 169.254.0.1 169.254.169.253 169.254.169.254 169.254.170.2 169.254.255.255 172.16.0.0
    172.16.0.1 172.17.0.1 172.20.10.1 172.30.1.1 172.31.255.255 192.0.0.0 192.0.0.1 192.0.0.8 192.0.0.170
    192.0.0.171 192.0.0.192 192.0.0.255 192.0.2.0 192.0.2.1 192.0.2.255 192.88.99.0 192.88.99.1 192.88.99.255
    192.168.0.0 192.168.0.1 192.168.1.1 192.168.65.2 192.168.255.255 198.18.0.0 198.18.0.1 198.19.0.1 198.19.255.255
    198.51.100.0 198.51.100.7 198.51.100.255 203.0.113.0 203.0.113.9 203.0.113.255 224.0.0.0 224.0.0.1 224.0.0.251
    232.1.1.1 239.255.255.250 239.255.255.255 240.0.0.0 240.0.0.1 247.1.1.1 250.1.2.3 255.255.255.254
    255.255.255.255 :: ::1 ::2 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:0:0 ::ffff:0.0.0.0 ::ffff:10.0.0.1
    ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:192.168.1.1 ::ffff:8.8.8.8 ::ffff:7f00:1 ::FFFF:7F00:0001
    ::ffff:255.255.255.255 0:0:0:0:0:ffff:a00:1 ::ffff:0:127.0.0.1 64:ff9b:: 64:ff9b::7f00:1 64:ff9b::127.0.0.1
    64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b::8.8.8.8 64:ff9b::ffff:ffff 64:ff9b:1:: 64:ff9b:1::1
    64:ff9b:1::10.0.0.1 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 100:: 100::1 100::ffff:ffff:ffff:ffff 2001:: 2001::1
    2001:0:1:2:3:4:5:6 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:0:ffff:ffff::1 2001:2::1 2001:10::1 2001:20::1
    2001:db8:: 2001:db8::1 2001:db8:ffff::1 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002:: 2002::1 2002:7f00:1::
    2002:7f00:1::1 2002:a00:1::1 2002:a9fe:a9fe::1 2002:c0a8:101::1 2002:808:808::1
    2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:: 3fff::1 3fff:fff:ffff:ffff::1 5f00:: 5f00::1 5f00:ffff::1 fc00::
    fc00::1 fcff::1 fd00::1 fd00:ec2::254 fd12:3456:789a:1::1 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe80:: fe80::1
    fe80::a9fe:a9fe fe80::5efe:192.168.1.1 fe80:ffff::1 febf::1 febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0::
    fec0::1 fec0:0:0:ffff::1 feff::1 feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ff00:: ff01::1 ff02::1 ff02::fb ff05::2
    ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2606:4700::5efe:127.0.0.1 2606:4700::5efe:10.0.0.1
    2606:4700::200:5efe:192.168.0.1 2606:4700::200:5efe:8.8.8.8 2a00:1450:4001:81b:0:5efe:a00:1
    2a00:1450:4001:81b:200:5efe:7f00:1 2a00:1450:4001:81b:100:5efe:7f00:1 2a00:1450:4001:81b:300:5efe:a9fe:a9fe
    4000::1 6000::1 8000::1 a000::1 c000::1 e000::1 10.0.0.2 10.96.0.1 100.64.1.1 127.0.0.53 127.0.0.54
    127.127.127.127 169.254.1.1 169.254.169.123 172.18.0.1 172.24.1.1 192.168.100.1 192.168.122.1 198.18.255.1
    224.0.0.2 233.252.0.1 255.0.0.1 ::ffff:100.64.0.1 ::ffff:172.16.0.1 64:ff9b::192.168.0.1 64:ff9b::100.64.0.1
    64:ff9b:1::127.0.0.1 2002:6440:1::1 2002:ac10:1::1 2002:e000:1::1 f000::1 f800::1 200::1 400::1 1000::1
    1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 0:0:1::1 0064:ff9b:0:0:0:1:7f00:1 64:ff9b:2::1
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  static let allowed = """
    1.0.0.1 1.1.1.1 8.8.8.8 9.9.9.9 9.255.255.255 11.0.0.0 23.215.0.136 93.184.216.34 100.63.255.255 100.128.0.0
    126.255.255.255 128.0.0.1 140.82.121.3 151.101.1.1 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0
    191.255.255.255 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 203.0.112.255
    203.0.114.0 216.58.0.1 223.255.255.255 2000::1 2001:200::1 2001:4860:4860::8888 2001:db7:ffff::1 2003::1
    2400:cb00::1 2606:4700:4700::1111 2620:fe::fe 2a00:1450:4001:81b::200e 2a03:2880:f003:c07:face:b00c::2
    2001:500:88:200::8 3ffe::1 3fff:1000::1 2606:4700::5eff:7f00:1
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  @Test func V_091_tableHasTwoHundredAddresses() {
    #expect(Self.blocked.count >= 200)
    #expect(Set(Self.blocked).count == Self.blocked.count)
  }

  @Test(arguments: blocked) func V_091_blocked(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(!AddressPolicy().allows(address))
  }

  @Test(arguments: allowed) func V_091_allowed(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(AddressPolicy().verdict(on: address) == .allowed)
  }

  @Test(arguments: [
    "0x7f.1", "2130706433", "0177.0.0.1", "127.1", "127.0.0.1\0", "127.0.0.1 ", " 127.0.0.1", "[::1]", "fe80::1%eth0",
    "localhost",
    "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04x", "::1::", "１.1.1.1",
  ])
  func V_091_noAddress(text: String) { #expect(IPAddress(text) == nil) }

  @Test func allowListOpensExactlyItsRange() throws {
    let policy = AddressPolicy(allow: [try #require(CIDR("127.0.0.0/8")), try #require(CIDR("fd00::/8"))])
    #expect(policy.verdict(on: try #require(IPAddress("127.9.9.9"))) == .explicitlyAllowed)
    #expect(policy.verdict(on: try #require(IPAddress("fd00::7"))) == .explicitlyAllowed)
    for text in ["10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "fc00::1"] {
      #expect(!policy.allows(try #require(IPAddress(text))), "\(text)")
    }
  }

  @Test(arguments: [
    ("10.0.0.0/8", true), ("0.0.0.0/0", true), ("::/0", true), ("10.1.2.3/32", true), ("10.1.2.3", true),
    ("fd00::/8", true),
    ("10.0.0.1/8", false), ("10.0.0.0/33", false), ("10.0.0.0/08", false), ("10.0.0.0/+8", false), ("10.0.0.0/", false),
    ("10.0.0.0/-1", false), ("/8", false), ("10.0.0.0/8/8", false), ("fd00::1/8", false), ("::/129", false),
    ("10.0.0.0/8 ", false),
    ("10.0.0.0/٨", false), ("10.0.0.0/9999999999999999999999", false),
  ])
  func cidrIsStrict(text: String, isValid: Bool) { #expect((CIDR(text) != nil) == isValid) }

  @Test func cidrOfEveryLength() throws {
    for length in 0...32 {
      let range = try #require(CIDR(length == 0 ? "0.0.0.0/0" : "128.0.0.0/\(length)"))
      #expect(range.contains(try #require(IPAddress("128.0.0.0"))))
      #expect(range.contains(try #require(IPAddress("127.255.255.255"))) == (length == 0))
      #expect(range.contains(try #require(IPAddress("255.255.255.255"))) == (length <= 1))
    }
  }
}
