import OAuthClient
import OAuthProtocol
import StrictCoding
import Synchronization

/// An authorization server without a network. It rotates refresh tokens, revokes a family when a spent one comes back,
/// and misbehaves as its script says.
final class ScriptedIssuer: DocumentFetching, Sendable {
  /// What it does with a request.
  enum Act: Sendable {
    /// New tokens.
    case rotates
    /// A new access token; the refresh token is left out of the answer, and stays good.
    case omitsRefreshToken
    /// Nothing is done, and this status is answered.
    case fails(status: Int)
    /// The token is spent, and this body is answered.
    case answers(status: Int, body: String)
    /// The token is spent, and the connection breaks.
    case losesAnswer
    /// Nobody can be reached.
    case unreachable
    /// A refusal of the grant, in an error document of that status.
    case refuses(status: Int)
  }

  private struct State {
    var script: [Act] = []
    var standing = Act.rotates
    /// Refresh tokens that are good.
    var live: Set<String> = []
    /// Spent ones, with the family that their return puts an end to.
    var families: [String: Int] = [:]
    var revoked: Set<Int> = []
    var presented: [String] = []
    var issued = 0
    var isHeld = false
    var active = 0
    var mostActive = 0
    var expiresIn: Int? = 3600
    var forgivesReuse = false
  }

  static let issuer = "https://as.example"
  private let state = Mutex(State())

  /// Refresh tokens as they came in.
  var presented: [String] { state.withLock { $0.presented } }
  /// Families that were revoked because a spent token came back.
  var revokedFamilies: Int { state.withLock { $0.revoked.count } }
  /// The most requests that were under way at once.
  var mostActive: Int { state.withLock { $0.mostActive } }
  /// Requests under way.
  var active: Int { state.withLock { $0.active } }

  /// What it does next, request by request; then `standing`.
  func plays(_ acts: Act...) { state.withLock { $0.script += acts } }
  /// What it does from now on.
  func always(_ act: Act) { state.withLock { $0.standing = act } }
  /// Lets requests wait, or go on.
  func holds(_ isHeld: Bool) { state.withLock { $0.isHeld = isHeld } }
  /// What its answers say about the access token's life.
  func lives(_ seconds: Int?) { state.withLock { $0.expiresIn = seconds } }
  /// A spent token is refused and no more.
  func forgivesReuse() { state.withLock { $0.forgivesReuse = true } }
  /// The owner takes every grant back.
  func revokesEverything() { state.withLock { $0.live = [] } }
  /// Whether a refresh token is good.
  func isLive(_ token: String) -> Bool { state.withLock { $0.live.contains(token) } }

  /// A new grant's refresh token.
  func grant() -> String {
    state.withLock { state in
      state.issued += 1
      let token = "refresh-\(state.issued)"
      state.live.insert(token)
      state.families[token] = state.issued
      return token
    }
  }

  func get(_ url: AbsoluteURL, accept: String, limits: FetchLimits) async throws(FetchError) -> FetchedDocument {
    guard url.path == "/.well-known/oauth-authorization-server" else { throw .unexpectedStatus(404) }
    return Self.json(
      200,
      [
        "issuer": .string(Self.issuer), "authorization_endpoint": .string(Self.issuer + "/authorize"),
        "token_endpoint": .string(Self.issuer + "/token"), "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
      ])
  }

  func post(
    _ url: AbsoluteURL, body: RequestBody, headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    guard let form = try? FormParameters(parsing: body.bytes), let token = try? form.single("refresh_token") else {
      return Self.json(400, ["error": "invalid_request"])
    }
    state.withLock { state in
      state.presented.append(token)
      state.active += 1
      state.mostActive = max(state.mostActive, state.active)
    }
    defer { state.withLock { $0.active -= 1 } }
    let act = state.withLock { $0.script.isEmpty ? $0.standing : $0.script.removeFirst() }
    let outcome: Result<FetchedDocument, FetchError>
    do { outcome = .success(try answer(token, act)) } catch { outcome = .failure(error) }
    while state.withLock({ $0.isHeld }) { try? await Task.sleep(for: .milliseconds(5)) }
    return try outcome.get()
  }

  private func answer(_ token: String, _ act: Act) throws(FetchError) -> FetchedDocument {
    switch act {
    case .unreachable: throw .unresolvable("as.example")
    case .fails(let status): return FetchedDocument(status: status, headers: [], body: Array("<html>".utf8))
    case .refuses(let status): return Self.json(status, ["error": "invalid_grant"])
    case .rotates: return redeem(token, rotating: true)
    case .omitsRefreshToken: return redeem(token, rotating: false)
    case .losesAnswer:
      _ = redeem(token, rotating: true)
      throw .connectionFailed("reset")
    case .answers(let status, let body):
      _ = redeem(token, rotating: true)
      return FetchedDocument(status: status, headers: [], body: Array(body.utf8))
    }
  }

  private func redeem(_ token: String, rotating: Bool) -> FetchedDocument {
    state.withLock { state in
      guard state.live.contains(token) else {
        if let family = state.families[token], !state.forgivesReuse {
          state.revoked.insert(family)
          state.live = state.live.filter { state.families[$0] != family }
        }
        return Self.json(400, ["error": "invalid_grant"])
      }
      state.issued += 1
      var body: JSONObject = ["access_token": .string("access-\(state.issued)"), "token_type": "Bearer"]
      if let life = state.expiresIn { body["expires_in"] = .integer(Int64(life)) }
      if rotating {
        let successor = "refresh-\(state.issued)"
        state.live.remove(token)
        state.live.insert(successor)
        state.families[successor] = state.families[token]
        body["refresh_token"] = .string(successor)
      }
      return Self.json(200, body)
    }
  }

  private static func json(_ status: Int, _ object: JSONObject) -> FetchedDocument {
    FetchedDocument(
      status: status, headers: [("content-type", "application/json")], body: JSONWriter.write(.object(object)))
  }
}
