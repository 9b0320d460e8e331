import MartletDomain
import MartletTestSupport
import StrictCoding
import Synchronization
import Testing

@testable import MartletIdentity

/// A browser: keeps cookies, submits forms, follows nothing by itself.
final class FakeBrowser: Sendable {
  private let jar = Mutex<[String: String]>([:])
  private let count = Mutex(0)
  let address: String

  init(address: String = "192.0.2.1") { self.address = address }

  var cookies: [String: String] { jar.withLock { $0 } }
  var session: String? { cookies["__Host-martlet-session"] }
  var digest: ArtefactDigest? {
    cookies["__Host-martlet-browser"].flatMap { ArtefactKind.browser.digest($0.utf8) }
  }

  func plant(_ name: String, _ value: String?) { jar.withLock { $0[name] = value } }

  func request(_ method: String, _ path: String, query: String = "", form: [(String, String)]? = nil) -> EndpointRequest
  {
    let number = count.withLock { count in
      count += 1
      return count
    }
    var headers: [(name: String, value: String)] = []
    let cookie = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
    if !cookie.isEmpty { headers.append(("cookie", cookie)) }
    if form != nil { headers.append(("content-type", "application/x-www-form-urlencoded")) }
    return EndpointRequest(
      method: method, path: path, query: Array(query.utf8), headers: headers,
      body: form.map { Array(FormParameters.encode($0).utf8) } ?? [], address: address, id: RequestID("r\(number)"))
  }

  @discardableResult
  func take(_ response: EndpointResponse) -> EndpointResponse {
    for (name, value) in response.headers where name == "set-cookie" {
      let pair = value.split(separator: ";")[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      plant(String(pair[0]), value.contains("Max-Age=0") ? nil : String(pair[1]))
    }
    return response
  }

  func show(_ endpoint: LoginEndpoint, transaction: String? = nil) async -> EndpointResponse {
    let query = transaction.map { FormParameters.encode([("transaction", $0)]) } ?? ""
    return take(await endpoint.show(request("GET", "/login", query: query)))
  }

  /// Opens the login page and submits its form.
  func logIn(
    _ endpoint: LoginEndpoint, _ name: String = "ada", _ password: String = LoginFixture.password,
    transaction: String? = nil
  ) async -> EndpointResponse {
    // A page of its own, whoever is logged in at the time.
    let page = await endpoint.page(200, visit, await destination(endpoint, transaction))
    return await submit(endpoint, page.loginPage, name, password)
  }

  func submit(_ endpoint: LoginEndpoint, _ page: LoginPage?, _ name: String, _ password: String) async
    -> EndpointResponse
  {
    take(
      await endpoint.submit(
        request(
          "POST", "/login",
          form: [
            ("username", name), ("password", password), ("transaction", page?.transaction ?? ""),
            ("csrf", page?.csrf ?? ""),
          ])))
  }

  func leave(_ endpoint: LoginEndpoint, for provider: String, _ page: LoginPage?) async -> EndpointResponse {
    take(
      await endpoint.leave(
        for: provider,
        request(
          "POST", "/login/\(provider)",
          form: [("transaction", page?.transaction ?? ""), ("csrf", page?.csrf ?? "")])))
  }

  func comeBack(_ endpoint: LoginEndpoint, from provider: String, _ query: [(String, String)]) async -> EndpointResponse
  {
    take(
      await endpoint.callback(
        from: provider,
        request("GET", "/login/\(provider)/callback", query: FormParameters.encode(query))))
  }

  /// A whole login at a provider.
  func logIn(
    _ endpoint: LoginEndpoint, at name: String, _ provider: FakeIdentityProvider, as subject: String,
    transaction: String? = nil, adding extra: [(String, String)] = []
  ) async throws -> EndpointResponse {
    let page = await endpoint.page(200, visit, await destination(endpoint, transaction))
    let away = await leave(endpoint, for: name, page.loginPage)
    let (code, state) = try provider.approve(try #require(away.location), as: subject)
    return await comeBack(endpoint, from: name, [("code", code), ("state", state)] + extra)
  }

  private var visit: LoginVisit {
    if digest == nil {
      plant("__Host-martlet-browser", ByteString(ArtefactKind.browser.mint(SystemRandom()).expose()).string)
    }
    return LoginVisit(request: request("GET", "/login"), browser: digest ?? .init(bytes: []), newBrowser: nil)
  }

  private func destination(_ endpoint: LoginEndpoint, _ transaction: String?) async -> LoginDestination {
    (try? await endpoint.destination(transaction, for: visit)) ?? .account
  }
}

extension EndpointResponse {
  var location: String? { headers.first { $0.name == "location" }?.value }
  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
  var page: Page? {
    guard case .page(let page) = body else { return nil }
    return page
  }
  var loginPage: LoginPage? {
    guard case .login(let content)? = page?.content else { return nil }
    return content
  }
  var messagePage: MessagePage? {
    guard case .message(let content)? = page?.content else { return nil }
    return content
  }
  var accountPage: AccountPage? {
    guard case .account(let content)? = page?.content else { return nil }
    return content
  }
}
