import MartletDomain
import StrictCoding

/// Where users let jobs act for them, and take that back, on their account page.
public struct DelegationPages: Sendable {
  private static let purpose = "delegation"

  private let store: any DelegationStore & UserStore
  private let sessions: LoginSessions
  private let delegations: Delegations
  private let servers: @Sendable (TenantID) -> Set<ServerName>
  private let forms: FormGuard
  private let clock: any WallClock

  /// Assembles the pages.
  ///
  /// - Parameters:
  ///   - store: Where delegations and service accounts are kept.
  ///   - sessions: Tells who is logged in.
  ///   - delegations: Makes and ends them.
  ///   - servers: The servers that a tenant may have.
  ///   - forms: Makes anti-forgery values.
  ///   - clock: Tells the time.
  public init(
    store: any DelegationStore & UserStore, sessions: LoginSessions, delegations: Delegations,
    servers: @escaping @Sendable (TenantID) -> Set<ServerName>, forms: FormGuard, clock: any WallClock
  ) {
    self.store = store
    self.sessions = sessions
    self.delegations = delegations
    self.servers = servers
    self.forms = forms
    self.clock = clock
  }

  /// The part of the account page; `nil` where there is no job and nothing to take back.
  ///
  /// - Throws: `StoreError`.
  public func part(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> AccountDelegations? {
    let found = try await store.delegations(
      DelegationFilter(tenant: user.tenant, user: user.id, liveAt: clock.now()))
    let jobs = try await store.users().filter { $0.isService && $0.tenant == user.tenant && $0.disabledAt == nil }
    if jobs.isEmpty, found.isEmpty { return nil }
    let names = Dictionary(
      jobs.map { ($0.id, $0.accountName ?? $0.id.string) }, uniquingKeysWith: { first, _ in first })
    return AccountDelegations(
      items: found.map { one in
        let tools = one.tools.map { ": " + $0.map(\.description).joined(separator: " ") } ?? ""
        return AccountDelegations.Item(
          id: one.id.string, job: names[one.job] ?? one.job.string,
          words: one.servers.sorted().map(\.string).joined(separator: ", ") + tools, expiresAt: one.expiresAt)
      },
      jobs: jobs.compactMap(\.accountName).sorted { ByteString($0) < ByteString($1) },
      servers: servers(user.tenant).sorted().map(\.string),
      csrf: forms.value(purpose: Self.purpose, transaction: user.id.string, browser: browser))
  }

  /// `POST /account/delegations`: fields `csrf`, `job`, `server` (several), `tools` and `days`.
  public func create(_ request: EndpointRequest) async -> EndpointResponse {
    await change(request) { user, form, asker throws(DelegationError) in
      let tools = (form.values("tools").first ?? "").utf8.split(separator: UInt8(ascii: " ")).map {
        ByteString(Array($0))
      }
      guard let days = JSONNumber(literal: form.values("days").first ?? "")?.int64, (1...365).contains(days) else {
        throw .invalidLifetime
      }
      _ = try await delegations.create(
        Delegations.Order(
          user: user, job: form.values("job").first ?? "",
          servers: Set(form.values("server").map { ServerName($0) }),
          tools: tools.isEmpty ? nil : tools.map { ToolPattern($0.string) }, lifetime: .seconds(days * 86_400)),
        among: servers(user.tenant), by: asker)
    }
  }

  /// `POST /account/delegations/revoke`: fields `csrf` and `id`.
  public func revoke(_ request: EndpointRequest) async -> EndpointResponse {
    await change(request) { user, form, asker throws(DelegationError) in
      let found: Delegation?
      do throws(StoreError) {
        found = try await store.delegation(DelegationID(form.values("id").first ?? ""))
      } catch {
        throw .store(error)
      }
      // Somebody else's is as if it weren't there.
      guard let found, found.user == user.id, found.isLive(at: clock.now()) else { throw .unknownDelegation }
      try await delegations.revoke([found], reason: "by_user", by: asker)
    }
  }

  private func change(
    _ request: EndpointRequest,
    _ work: (User, FormParameters, Asker) async throws(DelegationError) -> Void
  ) async -> EndpointResponse {
    do throws(StoreError) {
      guard let (session, user) = try await sessions.current(of: request) else { return .seeOther("/login") }
      guard MediaType.isForm(request.header("content-type")),
        let form = try? FormParameters(parsing: request.body), let csrf = try? form.single("csrf")
      else { return .page(400, Page(.message(LoginPages.malformed(request.id)))) }
      guard forms.accepts(csrf, purpose: Self.purpose, transaction: user.id.string, browser: session.browser) else {
        return .page(403, Page(.message(LoginPages.staleForm(request.id))))
      }
      do throws(DelegationError) {
        try await work(
          user, form, Asker(subject: user.id.string, request: request.id, address: request.address))
      } catch {
        if case .store(let error) = error { throw error }
        return .page(400, Page(.message(LoginPages.refusedDelegation(error, request.id))))
      }
      return .seeOther("/account")
    } catch {
      return .page(503, Page(.message(LoginPages.unavailable(request.id)))).adding("retry-after", "5")
    }
  }
}

extension LoginPages {
  static func refusedDelegation(_ error: DelegationError, _ request: RequestID) -> MessagePage {
    MessagePage(
      title: "That can't be done", message: "\(error.description).", advice: "Go back, change it and try again.",
      reference: request.string, link: PageLink(label: "Your account", path: "/account"))
  }
}
