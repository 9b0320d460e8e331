import OAuthProtocol
import StrictCoding
import Synchronization
import Testing

@testable import OAuthClient

@Suite struct ClientMetadataDocumentsTests {
  static let id = "https://app.example/client.json"
  let clock = StandingClock()
  let clientID: ClientIDMetadataURL

  init() throws { clientID = try ClientIDMetadataURL(parsing: Self.id) }

  private static func body(_ id: String = Self.id, extra: String = "") -> String {
    #"{"client_id":"\#(id)","client_name":"App","redirect_uris":["http://127.0.0.1/cb"]\#(extra)}"#
  }

  private func documents(
    _ fetcher: any DocumentFetching, policy: HostPolicy = HostPolicy(),
    store: any DocumentCacheStore = MemoryDocumentCacheStore()
  ) -> ClientMetadataDocuments {
    ClientMetadataDocuments(fetcher: fetcher, policy: policy, store: store, clock: clock.closure)
  }

  private func error(_ documents: ClientMetadataDocuments) async -> ClientMetadataError? {
    do {
      _ = try await documents.document(for: clientID)
      return nil
    } catch {
      return error
    }
  }

  private func isInvalid(_ error: ClientMetadataError?) -> Bool { if case .invalid? = error { true } else { false } }
  private func isUnavailable(_ error: ClientMetadataError?) -> Bool {
    if case .unavailable? = error { true } else { false }
  }

  @Test(
    arguments: [
      (nil, 3_600), ("max-age=600", 600), ("max-age=0", 300), ("max-age=1", 300), ("no-store", 300),
      ("no-cache, max-age=900", 300),
      ("public, MAX-AGE=\"7200\"", 7_200), ("max-age=99999999999999999999", 300), ("max-age=31536000", 86_400),
      ("max-age=-5", 300), ("private", 3_600),
    ] as [(String?, Int64)])
  func V_094_lifetimeFollowsHeadersWithinBounds(cacheControl: String?, seconds: Int64) async throws {
    let headers = cacheControl.map { [(name: "Cache-Control", value: $0)] } ?? []
    let fetcher = ScriptedFetcher { _, _ in .json(Self.body(), headers: headers) }
    let documents = documents(fetcher)
    _ = try await documents.document(for: clientID)
    clock.advance(seconds: seconds - 1)
    _ = try await documents.document(for: clientID)
    #expect(fetcher.requests.count == 1)
    clock.advance(seconds: 1)
    _ = try await documents.document(for: clientID)
    #expect(fetcher.requests.count == 2)
  }

  @Test(arguments: [
    Self.body("https://app.example/client.json/"), Self.body("https://APP.example/client.json"),
    Self.body(extra: #","client_secret":"x""#),
    Self.body(extra: #","token_endpoint_auth_method":"client_secret_basic""#),
    Self.body(extra: #","client_id":"x""#), "", "[]", "<html>", "{}",
    Self.body(extra: ",\"pad\":\"\(String(repeating: "x", count: 5_100))\""),
  ])
  func V_094_invalidDocumentsAreNeverCachedAsValid(body: String) async throws {
    let fetcher = ScriptedFetcher { _, turn in .json(turn == 1 ? body : Self.body()) }
    let documents = documents(fetcher)
    #expect(isInvalid(await error(documents)))
    #expect(isInvalid(await error(documents)))
    #expect(fetcher.requests.count == 1, "negative cache")
    clock.advance(seconds: 30)
    #expect(await error(documents) == nil)
  }

  @Test(arguments: [301, 302, 307, 308, 201, 204, 304, 404, 410]) func V_092_onlyTwoHundred(status: Int) async throws {
    let headers = [(name: "Location", value: "https://evil.example/client.json")]
    let fetcher = ScriptedFetcher { _, _ in .json(Self.body(), status: status, headers: headers) }
    #expect(isInvalid(await error(documents(fetcher))))
    #expect(fetcher.requests.count == 1)
  }

  @Test(arguments: [500, 502, 503, 429, 403, 401]) func G10_failingFetchIsNotAnUnknownClient(status: Int) async throws {
    #expect(isUnavailable(await error(documents(ScriptedFetcher { _, _ in .json("no", status: status) }))))
  }

  @Test func contentTypeMustBeJSON() async throws {
    let html = FetchedDocument(status: 200, headers: [("content-type", "text/html")], body: Array(Self.body().utf8))
    #expect(isInvalid(await error(documents(ScriptedFetcher { _, _ in html }))))
  }

  @Test func G10_aValidDocumentOutlivesAnOutageByAWeek() async throws {
    let fetcher = ScriptedFetcher { _, turn throws(FetchError) in
      switch turn {
      case 1: return .json(Self.body())
      case 2: return .json("challenge", status: 403)
      case 3: return FetchedDocument(status: 200, headers: [("content-type", "text/html")], body: Array("<html>".utf8))
      default: throw .timedOut
      }
    }
    let documents = documents(fetcher)
    for _ in 0..<167 {
      #expect(try await documents.document(for: clientID).metadata.clientName == "App")
      clock.advance(seconds: 3_600)
    }
    #expect(fetcher.requests.count > 100)
    clock.advance(seconds: 3_601)
    #expect(isUnavailable(await error(documents)))
  }

  @Test func anOwnersNewInvalidDocumentEndsTheOldOne() async throws {
    for (answer, status) in [(Self.body("https://other.example/x"), 200), ("gone", 410), ("gone", 404)] {
      let store = MemoryDocumentCacheStore()
      let fetcher = ScriptedFetcher { _, turn in turn == 1 ? .json(Self.body()) : .json(answer, status: status) }
      let documents = documents(fetcher, store: store)
      _ = try await documents.document(for: clientID)
      clock.advance(seconds: 3_600)
      #expect(isInvalid(await error(documents)))
      #expect(await store.load(ByteString(Self.id)) == nil)
    }
  }

  @Test func staleDocumentSurvivesARestart() async throws {
    let store = MemoryDocumentCacheStore()
    _ = try await documents(ScriptedFetcher { _, _ in .json(Self.body()) }, store: store).document(for: clientID)
    let down = ScriptedFetcher { _, _ throws(FetchError) in throw .unresolvable("down") }
    let restarted = documents(down, store: store)
    _ = try await restarted.document(for: clientID)
    #expect(down.requests.isEmpty)
    clock.advance(seconds: 86_400 * 6)
    _ = try await restarted.document(for: clientID)
    #expect(down.requests.count == 1)
    clock.advance(seconds: 86_400 * 2)
    #expect(isUnavailable(await error(documents(down, store: store))))
  }

  @Test func aTamperedStoreIsJudgedAgain() async throws {
    let store = MemoryDocumentCacheStore()
    let planted = CachedDocument(
      body: Array(Self.body("https://evil.example/x").utf8), fetchedAt: clock.now, freshUntil: .max)
    await store.save(planted, for: ByteString(Self.id))
    let fetcher = ScriptedFetcher { _, _ in .json(Self.body()) }
    _ = try await documents(fetcher, store: store).document(for: clientID)
    #expect(fetcher.requests.count == 1)
  }

  @Test func R_96_recoversWithinTenSeconds() async throws {
    let fetcher = ScriptedFetcher { _, turn throws(FetchError) in
      if turn == 1 { throw .unresolvable("down") }
      return .json(Self.body())
    }
    let documents = documents(fetcher)
    for _ in 0..<50 { #expect(isUnavailable(await error(documents))) }
    #expect(fetcher.requests.count == 1)
    clock.advance(seconds: 10)
    #expect(await error(documents) == nil)
  }

  @Test func V_094_hostPolicyComesBeforeTheFetch() async throws {
    let fetcher = ScriptedFetcher { _, _ in .json(Self.body()) }
    for policy in [
      HostPolicy(deny: ["app.example"]), HostPolicy(deny: ["*.example"]), HostPolicy(allow: ["other.example"]),
      HostPolicy(allow: ["*.app.example"]), HostPolicy(allow: []),
      HostPolicy(allow: ["app.example"], deny: ["APP.EXAMPLE"]),
    ] {
      #expect(isInvalid(await error(documents(fetcher, policy: policy))))
    }
    #expect(fetcher.requests.isEmpty)
    #expect(await error(documents(fetcher, policy: HostPolicy(allow: ["*.example"]))) == nil)
    #expect(await error(documents(fetcher, policy: HostPolicy(allow: ["App.Example"]))) == nil)
  }

  @Test func V_094_rateLimits() async throws {
    let fetcher = ScriptedFetcher { request, _ in .json(Self.body(request.url)) }
    let limited = RateLimitedFetcher(fetcher, perHostPerMinute: 5, totalPerMinute: 20, clock: clock.closure)
    let documents = documents(limited)
    var unavailable = 0
    for host in 0..<10 {
      for path in 0..<10 {
        let id = try ClientIDMetadataURL(parsing: "https://h\(host).example/c\(path)")
        do { _ = try await documents.document(for: id) } catch .unavailable { unavailable += 1 } catch {}
      }
    }
    #expect(fetcher.requests.count == 20 && unavailable == 80)
    #expect(fetcher.requests.filter { $0.url.hasPrefix("https://h0.example/") }.count == 5)
    clock.advance(seconds: 60)
    _ = try await documents.document(for: try ClientIDMetadataURL(parsing: "https://h9.example/c9"))
  }

  @Test func concurrentCallersShareOneFetch() async throws {
    let fetcher = ScriptedFetcher { _, _ in
      for _ in 0..<100 { await Task.yield() }
      return .json(Self.body())
    }
    let documents = documents(fetcher)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<200 { group.addTask { await error(documents) == nil } }
      for await isFound in group { #expect(isFound) }
    }
    #expect(fetcher.requests.count == 1)
  }

  @Test func cachesAreBounded() {
    var cache = BoundedCache<Int, Int>(capacity: 100)
    for index in 0..<10_000 {
      cache[index] = index
      _ = cache[0]
      #expect(cache.count <= 100)
    }
    #expect(cache[0] == 0 && cache[9_999] == 9_999)
  }

  @Test func clientKeys() async throws {
    let jwks = try TestIssuer.shared.get().jwks()
    let fetcher = ScriptedFetcher { _, _ in .json(jwks) }
    let documents = documents(fetcher)
    var metadata = ClientMetadata()
    await #expect(throws: JWKSError.unknownKey) { _ = try await documents.keys(of: metadata, kid: "ec") }
    metadata.jwksURI = "https://app.example/jwks"
    #expect(try await documents.keys(of: metadata, kid: "ec").count == 1)
    metadata.jwks = try JSONWebKeySet(json: try JSONReader.parse(string: jwks))
    #expect(try await documents.keys(of: metadata, kid: "ed").count == 1)
    #expect(try await documents.keys(of: metadata, kid: nil).count == 3)
    #expect(fetcher.requests.count == 1)
  }
}
