import OAuthProtocol
import StrictCoding
import Synchronization
import Testing

@testable import OAuthClient

@Suite struct JWKSCacheTests {
  static let floodTokens = 10_000
  let issuer: TestIssuer
  let url: AbsoluteURL
  let clock = StandingClock()

  init() throws {
    issuer = try TestIssuer.shared.get()
    url = try AbsoluteURL(parsing: TestIssuer.jwksURL)
  }

  private func cache(_ fetcher: ScriptedFetcher) -> JWKSCache { JWKSCache(fetcher: fetcher, clock: clock.closure) }

  @Test func V_073_unknownKidFlood() async throws {
    let body = try issuer.jwks()
    let fetcher = ScriptedFetcher { _, _ in .json(body) }
    let cache = cache(fetcher)
    var validFailures = 0
    var refused = 0
    for turn in 0..<Self.floodTokens {
      do { _ = try await cache.keys(from: url, kid: ByteString("random-\(turn)")) } catch .unknownKey {
        refused += 1
      } catch {}
      if (try? await cache.keys(from: url, kid: "ec")) == nil { validFailures += 1 }
      // 10,000 tokens in just under 60 s.
      if turn.isMultiple(of: 170) { clock.advance(seconds: 1) }
    }
    #expect(fetcher.requests.count <= 2)
    #expect(validFailures == 0)
    #expect(refused == Self.floodTokens)
  }

  /// A key that appears during the pause is asked for as soon as the pause is over, however often it was seen before.
  @Test func R_31_aKeySeenDuringThePauseIsFetchedAfterIt() async throws {
    let old = try issuer.jwks()
    let new = old.replacing("\"ec\"", with: "\"ec2\"")
    let isRotated = Mutex(false)
    let fetcher = ScriptedFetcher { _, _ in .json(isRotated.withLock { $0 } ? new : old) }
    let cache = cache(fetcher)
    _ = try await cache.keys(from: url, kid: "ec")
    isRotated.withLock { $0 = true }
    for _ in 0..<29 {
      clock.advance(seconds: 1)
      await #expect(throws: JWKSError.unknownKey) { try await cache.keys(from: url, kid: "ec2") }
    }
    clock.advance(seconds: 1)
    #expect(try await cache.keys(from: url, kid: "ec2").count == 1)
    #expect(fetcher.requests.count == 2)
  }

  @Test func V_073_concurrentCallersShareOneFetch() async throws {
    let body = try issuer.jwks()
    let fetcher = ScriptedFetcher { _, _ in
      for _ in 0..<100 { await Task.yield() }
      return .json(body)
    }
    let cache = cache(fetcher)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<200 { group.addTask { (try? await cache.keys(from: url, kid: "ec")) != nil } }
      for await isFound in group { #expect(isFound) }
    }
    #expect(fetcher.requests.count == 1)
  }

  @Test func V_073_aRememberedUnknownKidAloneIsNoReasonToFetch() async throws {
    let body = try issuer.jwks()
    let fetcher = ScriptedFetcher { _, _ in .json(body) }
    let cache = cache(fetcher)
    for _ in 0..<50 {
      _ = try? await cache.keys(from: url, kid: "other")
      clock.advance(seconds: 1)
    }
    #expect(fetcher.requests.count == 1)
  }

  @Test func rotationIsFoundAfterTheCooldown() async throws {
    let old = try issuer.jwks()
    let new = try TestIssuer.another.get().jwks().replacing("\"ec\"", with: "\"ec2\"")
    let fetcher = ScriptedFetcher { _, turn in .json(turn == 1 ? old : new) }
    let cache = cache(fetcher)
    _ = try await cache.keys(from: url, kid: "ec")
    clock.advance(seconds: 31)
    _ = try await cache.keys(from: url, kid: "ec2")
    await #expect(throws: JWKSError.unknownKey, "a key that was withdrawn") {
      _ = try await cache.keys(from: url, kid: "ec")
    }
  }

  @Test func R_30_keysOutliveTheIssuersOutageByADay() async throws {
    let body = try issuer.jwks()
    let fetcher = ScriptedFetcher { _, turn throws(FetchError) in
      if turn > 1 { throw .connectionFailed("down") }
      return .json(body)
    }
    let cache = cache(fetcher)
    _ = try await cache.keys(from: url, kid: "ec")
    for _ in 0..<143 {
      clock.advance(seconds: 600)
      #expect(try await cache.keys(from: url, kid: "ec").count == 1)
    }
    clock.advance(seconds: 601)
    await #expect(throws: JWKSError.unavailable(.connectionFailed("down"))) {
      _ = try await cache.keys(from: url, kid: "ec")
    }
  }

  @Test(arguments: [
    #"{"keys":[]}"#, "{}", "[]", "", "<html>", #"{"keys":"x"}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#,
    #"{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}"#, #"{"keys":[{}],"keys":[]}"#,
  ])
  func R_31_junkNeverReplacesGoodKeys(junk: String) async throws {
    let body = try issuer.jwks()
    let fetcher = ScriptedFetcher { _, turn in .json(turn == 1 ? body : junk) }
    let cache = cache(fetcher)
    _ = try await cache.keys(from: url, kid: "ec")
    for _ in 0..<20 {
      clock.advance(seconds: 700)
      #expect(try await cache.keys(from: url, kid: "ec").count == 1)
    }
    #expect(fetcher.requests.count > 10, "the issuer is asked again and again")
  }

  @Test(arguments: [404, 500, 301, 204]) func R_31_otherStatuses(status: Int) async throws {
    let body = try issuer.jwks()
    let fetcher = ScriptedFetcher { _, turn in .json(body, status: turn == 1 ? 200 : status) }
    let cache = cache(fetcher)
    _ = try await cache.keys(from: url, kid: "ec")
    clock.advance(seconds: 3_600)
    #expect(try await cache.keys(from: url, kid: "ec").count == 1)
  }

  @Test func R_31_slowIssuerDelaysOneCallerOnly() async throws {
    let body = try issuer.jwks()
    let gate = Gate()
    let fetcher = ScriptedFetcher { _, turn in
      if turn > 1 { await gate.wait() }
      return .json(body)
    }
    let cache = cache(fetcher)
    _ = try await cache.keys(from: url, kid: "ec")
    clock.advance(seconds: 3_600)
    async let slow = cache.keys(from: url, kid: "ec")
    while fetcher.requests.count < 2 { await Task.yield() }
    // Whoever waits for the slow answer is let go at last, and seen.
    let watchdog = Task {
      try await Task.sleep(for: .seconds(30))
      await gate.open()
    }
    for _ in 0..<100 { #expect(try await cache.keys(from: url, kid: "ec").count == 1) }
    #expect(await !gate.isOpen, "a caller waited for the slow issuer")
    watchdog.cancel()
    await gate.open()
    #expect(try await slow.count == 1)
    #expect(fetcher.requests.count == 2)
  }

  @Test func aNewKeyIsAwaitedWhileItIsBeingFetched() async throws {
    let old = try issuer.jwks()
    let new = try TestIssuer.another.get().jwks().replacing("\"ec\"", with: "\"ec2\"")
    let gate = Gate()
    let fetcher = ScriptedFetcher { _, turn in
      if turn > 1 { await gate.wait() }
      return .json(turn == 1 ? old : new)
    }
    let cache = cache(fetcher)
    _ = try await cache.keys(from: url, kid: "ec")
    clock.advance(seconds: 31)
    async let first = cache.keys(from: url, kid: "ec2")
    while fetcher.requests.count < 2 { await Task.yield() }
    async let second = cache.keys(from: url, kid: "ec2")
    for _ in 0..<1_000 { await Task.yield() }
    await gate.open()
    #expect(try await (first.count, second.count) == (1, 1))
    #expect(fetcher.requests.count == 2)
  }

  @Test func R_96_recoversWithinTenSeconds() async throws {
    let body = try issuer.jwks()
    let isDown = Mutex(true)
    let fetcher = ScriptedFetcher { _, _ throws(FetchError) in
      if isDown.withLock({ $0 }) { throw .unresolvable("down") }
      return .json(body)
    }
    let cache = cache(fetcher)
    for _ in 0..<100 {
      await #expect(throws: JWKSError.unavailable(.unresolvable("down"))) {
        _ = try await cache.keys(from: url, kid: "ec")
      }
    }
    #expect(fetcher.requests.count == 1)
    isDown.withLock { $0 = false }
    clock.advance(seconds: 10)
    #expect(try await cache.keys(from: url, kid: "ec").count == 1)
  }

  @Test func issuersAreBounded() async throws {
    let body = try issuer.jwks()
    var limits = JWKSLimits()
    limits.maxIssuers = 10
    let cache = JWKSCache(fetcher: ScriptedFetcher { _, _ in .json(body) }, limits: limits, clock: clock.closure)
    for index in 0..<100 {
      _ = try await cache.keys(from: try AbsoluteURL(parsing: "https://h\(index).example/j"), kid: "ec")
    }
    #expect(await cache.rememberedIssuers <= 10)
  }
}
