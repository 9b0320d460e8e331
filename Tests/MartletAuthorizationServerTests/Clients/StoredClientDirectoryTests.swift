import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

struct StoredClientDirectoryTests {
  private let url = "https://app.example/client.json"

  private func document(_ redirectURIs: JSONValue = ["http://localhost/callback"]) -> JSONValue {
    ["client_id": .string(url), "client_name": "App", "redirect_uris": redirectURIs]
  }

  private func error(_ id: ClientID, _ door: FrontDoor) async -> ClientLookupError? {
    do {
      _ = try await door.directory.client(id)
      return nil
    } catch {
      return error
    }
  }

  @Test func configurationThenStoreThenDocument() async throws {
    let door = try FrontDoor()
    door.documents.publish(document(), at: url)
    #expect(try await door.directory.client(ClientID(url)).origin == .metadataDocument)
    let stored = try await door.addClient(ClientID(url))
    #expect(try await door.directory.client(ClientID(url)).origin == .administrator)
    door.configure {
      var configured = stored
      configured.origin = .configuration
      $0.clients[stored.id] = configured
    }
    #expect(try await door.directory.client(ClientID(url)).origin == .configuration)
  }

  @Test func V_094_aDescribedClientIsReadAgainEachTime() async throws {
    let door = try FrontDoor()
    door.documents.publish(document(), at: url)
    let client = try await door.directory.client(ClientID(url))
    #expect(client.redirectURIs.map(\.string) == ["http://localhost/callback"])
    #expect(client.authenticationMethod == .none)
    #expect(client.grantTypes == [.authorizationCode, .refreshToken])
    #expect(client.secretDigests.isEmpty)
    door.documents.publish(document(["https://app.example/new"]), at: url)
    #expect(try await door.directory.client(ClientID(url)).redirectURIs.map(\.string) == ["https://app.example/new"])
    #expect(try await door.store.clients().isEmpty)
  }

  @Test func V_022_aDocumentMayNotPointAtTheGateway() async throws {
    let door = try FrontDoor()
    door.documents.publish(document(["https://gw.example/login/corp/callback", "https://app.example/cb"]), at: url)
    guard case .unknown = await error(ClientID(url), door) else {
      Issue.record("accepted")
      return
    }
  }

  @Test(arguments: [
    "https://claude.ai", "https://claude.ai/", "http://app.example/client.json", "https://app.example/client.json#f",
    "https://u@app.example/client.json", "https://app.example/a/../client.json", "dcr_unknown", "", "a\u{0}b",
  ])
  func G12_whatIsNoDocumentIsUnknown(_ id: String) async throws {
    let door = try FrontDoor()
    guard case .unknown = await error(ClientID(id), door) else {
      Issue.record("accepted or unavailable")
      return
    }
  }

  @Test func anUnusableIDIsUnknown() async throws {
    let door = try FrontDoor()
    for bytes in [[0xFF, 0xFE], [UInt8](repeating: 0x61, count: 4000)] {
      guard case .unknown = await error(ClientID(ByteString(bytes)), door) else {
        Issue.record("accepted")
        return
      }
    }
  }

  @Test func troubleIsNotAboutTheClient() async throws {
    let door = try FrontDoor()
    door.documents.fail(url, with: .unavailable(reason: "timeout"))
    #expect(await error(ClientID(url), door) == .unavailable(reason: "timeout"))
    door.store.fail(with: .unavailable("locked"))
    guard case .unavailable = await error("app", door) else {
      Issue.record("a decision was made")
      return
    }
  }

  @Test func V_060_theSwitchHoldsForEveryLookUp() async throws {
    let door = try FrontDoor()
    door.documents.publish(document(), at: url)
    door.configure { $0.registration.acceptsMetadataDocuments = false }
    guard case .unknown = await error(ClientID(url), door) else {
      Issue.record("accepted")
      return
    }
  }

  @Test func G11_aPortlessLoopbackURIOfADocumentTakesAnyPort() async throws {
    let door = try FrontDoor()
    door.documents.publish(document(), at: url)
    let request = goodRequest.with("client_id", url).with("redirect_uri", "http://localhost:53682/callback")
    let response = await door.authorization.authorize(TestBrowser().get("/authorize", request))
    #expect(response.location.hasPrefix("/login?"))
  }
}
