@_spi(Verification) import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletProxy

struct TokenCacheTests {
  private let now = Timestamp(seconds: 1_800_000_000)

  /// CVE-2026-35030: a cache that looks at a part of the token gives one caller the identity of another.
  @Test(arguments: [20, 64, 200, 4096]) func V_005_longPrefixesNeverCross(prefix: Int) {
    let number = 100_000
    let cache = TokenCache(capacity: number)
    let shared = [UInt8](repeating: UInt8(ascii: "e"), count: prefix)
    var keys: [TokenCache.Key] = []
    keys.reserveCapacity(number)
    for index in 0..<number {
      let token = (shared + Array(String(index).utf8))[...]
      let key = TokenCache.Key(token: token, route: ProxyFixture.time)
      keys.append(key)
      cache.remember(ProxyFixture.principal(subject: ByteString(String(index))), generation: 0, for: key)
    }
    var crossed = 0
    for (index, key) in keys.enumerated()
    where cache.entry(key, at: now)?.principal.subject != ByteString(String(index)) { crossed += 1 }
    #expect(crossed == 0)
    let strangers = (0..<1_000).filter { index in
      let token = (shared + Array("x\(index)".utf8))[...]
      return cache.entry(TokenCache.Key(token: token, route: ProxyFixture.time), at: now) != nil
    }
    #expect(strangers.isEmpty)
    TestCounts.prove("V-005", count: number)
  }

  @Test func V_005_theRouteIsPartOfTheKey() {
    let cache = TokenCache()
    cache.remember(
      ProxyFixture.principal(), generation: 0,
      for: TokenCache.Key(token: Array("t".utf8)[...], route: ProxyFixture.time))
    #expect(cache.entry(TokenCache.Key(token: Array("t".utf8)[...], route: ProxyFixture.notes), at: now) == nil)
    let elsewhere = RouteID(space: "acme", server: "time")
    #expect(cache.entry(TokenCache.Key(token: Array("t".utf8)[...], route: elsewhere), at: now) == nil)
    #expect(cache.entry(TokenCache.Key(token: Array("t".utf8)[...], route: ProxyFixture.time), at: now) != nil)
  }

  @Test func tokensAreForgottenWhenTheyExpire() {
    let cache = TokenCache()
    let key = TokenCache.Key(token: Array("t".utf8)[...], route: ProxyFixture.time)
    cache.remember(ProxyFixture.principal(expiresAt: now + .seconds(10)), generation: 0, for: key)
    #expect(cache.entry(key, at: now + .seconds(9)) != nil)
    #expect(cache.entry(key, at: now + .seconds(10)) == nil)
    #expect(cache.entry(key, at: now) == nil, "an expired entry is gone, even if the clock steps back")
  }

  @Test func memoryIsBounded() {
    let cache = TokenCache(capacity: 100)
    let keys = (0..<1_000).map { TokenCache.Key(token: Array(String($0).utf8)[...], route: ProxyFixture.time) }
    for key in keys { cache.remember(ProxyFixture.principal(), generation: 0, for: key) }
    #expect(keys.filter { cache.entry($0, at: now) != nil }.count <= 100)
  }
}
