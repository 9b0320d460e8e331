@_spi(Verification) import MartletDomain
import MartletTestSupport
import NIOPosix
import StrictCoding
import OAuthClient
import Synchronization
import Testing

@testable import MartletProxy

/// Keys on their way through the authenticator: looked up once, then remembered until something changes.
struct KeyAuthenticationTests {
  private let clock = FakeClock()
  private let revocations = RevocationIndex()
  private let key: Secret
  private let text: KeyText

  init() { (key, text) = KeyText.mint(.apiKey, SeededRandom(seed: 3)) }

  /// Accepts one key, and counts how often it was asked.
  private final class ListedKey: KeyVerifier {
    let asked = Atomic<Int>(0)
    let answer: @Sendable () throws(KeyRejection) -> Principal

    init(_ answer: @escaping @Sendable () throws(KeyRejection) -> Principal) { self.answer = answer }

    func verify(_ key: ByteString, for route: RouteID, from address: String) async throws(KeyRejection) -> Principal {
      asked.add(1, ordering: .relaxed)
      return try answer()
    }
  }

  private func principal(_ scope: KeyScope = KeyScope()) -> Principal {
    let record = APIKey(
      id: APIKeyID(text.id), series: "s", tenant: .default, owner: "ada", name: "prod", digest: text.digest,
      lastFour: "abcd", scope: scope, createdAt: clock.now(), expiresAt: clock.now() + .seconds(3600))
    return Principal(
      tenant: .default, issuer: "https://gw.example", subject: "ada", client: record.client, route: ProxyFixture.time,
      scope: ["mcp"], grant: nil, flow: nil, credentialID: record.id.credentialID, issuedAt: clock.now(),
      expiresAt: record.expiresAt, key: PrincipalKey(record))
  }

  private func authenticator(_ keys: ListedKey) -> Authenticator {
    Authenticator(
      verifier: ListedTokens([:]), keys: keys, cache: TokenCache(), revocations: revocations, clock: clock)
  }

  /// - Returns: Why it was refused; `nil` for accepted.
  private func outcome(
    _ authenticator: Authenticator, _ headers: [(name: String, value: String)]
  ) async throws -> String? {
    let fixture = try ProxyFixture()
    let routed = try fixture.routed(fixture.incoming("POST", "/time/mcp", headers))
    let credential: PresentedCredential
    do { credential = try authenticator.credential(of: routed) } catch { return error.reason }
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    if let lookUp = authenticator.lookUp(credential, of: routed, on: eventLoop) {
      if let rejection = try await lookUp.get() { return rejection.reason }
    }
    do { _ = try authenticator.authenticate(routed, with: credential) } catch { return error.reason }
    return nil
  }

  private var bearer: [(name: String, value: String)] {
    [("authorization", "Bearer " + ByteString(key.expose()).string)]
  }
  private var field: [(name: String, value: String)] { [("x-api-key", ByteString(key.expose()).string)] }

  @Test func A_30_aKeyIsLookedUpOnceWhicheverWayItComes() async throws {
    let principal = principal()
    let keys = ListedKey { principal }
    let authenticator = authenticator(keys)
    for headers in [bearer, field, bearer, field] { #expect(try await outcome(authenticator, headers) == nil) }
    #expect(keys.asked.load(ordering: .relaxed) == 1)
    #expect(authenticator.use.take().keys.first == APIKeyID(text.id))
    #expect(authenticator.use.take().isEmpty)
    clock.advance(by: APIKey.recheck)
    #expect(try await outcome(authenticator, bearer) == nil)
    #expect(keys.asked.load(ordering: .relaxed) == 2, "what the store says now is asked again after five minutes")
  }

  @Test func N_22_oneCredentialOnly() async throws {
    let principal = principal()
    let authenticator = authenticator(ListedKey { principal })
    for headers in [bearer + field, field + field, bearer + bearer] {
      #expect(try await outcome(authenticator, headers) == "malformed_credential")
    }
    #expect(try await outcome(authenticator, bearer + [("x-api-key", "for somebody else")]) == nil)
    for value in ["", "for somebody else", "mrt_key_x", "mrt_"] {
      #expect(try await outcome(authenticator, [("x-api-key", value)]) == "invalid_token:malformed_key")
    }
  }

  @Test func A_32_aRevokedKeyIsRefusedAtOnceAndAnOwnersLogoutOnlyAsksAgain() async throws {
    let (clock, text) = (self.clock, self.text)
    let first = principal()
    let keys = ListedKey {
      Principal(
        tenant: first.tenant, issuer: first.issuer, subject: first.subject, client: first.client, route: first.route,
        scope: first.scope, grant: nil, flow: nil, credentialID: first.credentialID, issuedAt: clock.now(),
        expiresAt: first.expiresAt, key: first.key)
    }
    let authenticator = authenticator(keys)
    #expect(try await outcome(authenticator, bearer) == nil)
    let now = clock.now()
    revocations.apply(
      Revocation(target: .user(.default, "ada"), issuedUntil: now, expiresAt: now + .seconds(90_000)))
    clock.advance(by: .milliseconds(1))
    #expect(try await outcome(authenticator, bearer) == nil)
    #expect(keys.asked.load(ordering: .relaxed) == 2)
    revocations.apply(
      Revocation(
        target: .accessToken(APIKeyID(text.id).credentialID), issuedUntil: .distantFuture,
        expiresAt: now + .seconds(90_000)))
    #expect(try await outcome(authenticator, bearer) == "invalid_token:revoked")
  }

  @Test func A_31_rangesHoldForEveryRequest() async throws {
    for (range, isInside) in [("192.0.2.0/24", true), ("198.51.100.0/24", false), ("2001:db8::/32", false)] {
      let principal = principal(KeyScope(addresses: [range]))
      let authenticator = authenticator(ListedKey { principal })
      for _ in 0..<2 {
        #expect(try await outcome(authenticator, bearer) == (isInside ? nil : "invalid_token:key_address"))
      }
    }
    #expect(AddressRanges(["192.0.2.0/24"]).contain("::ffff:192.0.2.9"))
    #expect(!AddressRanges(["0.0.0.0/0"]).contain("not an address"))
    #expect(!AddressRanges(["nonsense"]).contain("192.0.2.1"))
  }

  @Test func V_004_refusalsKeepTheirKind() async throws {
    let cases: [(KeyRejection, String)] = [
      (.invalid(reason: "unknown_key"), "invalid_token:unknown_key"), (.tooManyGuesses(seconds: 3), "too_many_guesses"),
      (.unavailable, "temporarily_unavailable:key_store"),
    ]
    for (rejection, reason) in cases {
      let authenticator = authenticator(ListedKey { () throws(KeyRejection) in throw rejection })
      #expect(try await outcome(authenticator, bearer) == reason)
    }
  }
}
