import MartletDomain
import StrictCoding

/// What a template is filled with. Text that strangers chose is made fit for one line here (V-103) and escaped when
/// rendered; hidden fields go through unchanged.
struct PageValues {
  let template: PageTemplate
  let title: String
  let members: [String: Any]

  init(_ content: Page.Content) {
    switch content {
    case .login(let page): self.init(page)
    case .consent(let page): self.init(page)
    case .account(let page): self.init(page)
    case .connect(let page): self.init(page)
    case .device(let page): self.init(page)
    case .deviceConsent(let page): self.init(page)
    case .approval(let page): self.init(page)
    case .approvals(let page): self.init(page)
    case .message(let page): self.init(page)
    }
  }

  private init(_ page: LoginPage) {
    template = .login
    title = "Log in"
    var members: [String: Any] = [
      "csrf": page.csrf, "acceptsPassword": page.acceptsPassword,
      "separator": page.acceptsPassword && !page.providers.isEmpty,
      "providers": page.providers.enumerated().map { index, name -> [String: Any] in
        ["name": Self.shown(name, limit: 64), "isMain": index == 0 && !page.acceptsPassword]
      },
    ]
    members["transaction"] = page.transaction
    members["problem"] = page.problem.map { Self.shown($0, limit: 500) }
    members["client"] = page.prompt.map(Self.members)
    self.members = members
  }

  private init(_ page: ConsentPage) {
    template = .consent
    let prompt = Self.members(page.prompt)
    title = page.isRemembered ? "Continue" : "Allow access"
    let choices = page.choices.enumerated().map { index, choice -> [String: Any] in
      [
        "resource": choice.resource, "address": Self.shown(choice.resource, limit: 260),
        "name": Self.shown(choice.name, limit: 100), "isFirst": index == 0,
      ]
    }
    var members: [String: Any] = [
      "transaction": page.transaction, "csrf": page.csrf, "isRemembered": page.isRemembered,
      "redirectsToThisDevice": page.redirectsToThisDevice, "userName": Self.shown(page.userName),
      "lifetime": Self.shown(page.lifetime), "permissions": page.permissions.map { Self.shown($0) },
      "chooses": choices.count > 1, "choices": choices,
    ]
    if choices.count == 1 { members["single"] = choices[0] }
    members.merge(prompt) { own, _ in own }
    self.members = members
  }

  private init(_ page: AccountPage) {
    template = .account
    title = "You are logged in"
    var members: [String: Any] = ["userName": Self.shown(page.userName), "csrf": page.csrf]
    members["tenant"] = page.tenant.map { Self.shown($0, limit: 64) }
    members["hasConnections"] = !page.connections.isEmpty
    members["connections"] = page.connections.map(Self.members)
    members["jobs"] = page.delegations.map(Self.members)
    self.members = members
  }

  private init(_ page: ConnectPage) {
    template = .connect
    title = page.connection == nil ? "Connect an account" : "Your account"
    let isHopeless = page.connection?.isHopeless ?? false
    let destination = Self.shown(page.destination, limit: 260)
    var members: [String: Any] = [
      "serverName": Self.shown(page.serverName, limit: 100), "serverHost": Self.shown(page.serverHost, limit: 260),
      "issuer": Self.shown(page.issuer, limit: 260), "destination": destination,
      "scopes": page.scopes.map { Self.shown($0, limit: 260) }, "asksForScopes": !page.scopes.isEmpty,
      "userName": Self.shown(page.userName), "action": page.action, "csrf": page.csrf,
      "isConnected": page.connection?.standing == .connected, "takesKey": page.takesKey,
      "isSecondary": page.connection?.standing == .connected || isHopeless,
      "label": isHopeless
        ? "Ask once more" : page.connection?.standing == .connected ? "Reconnect" : "Continue to \(destination)",
    ]
    members["ticket"] = page.ticket
    members["loginProvider"] = page.loginProvider.map { Self.shown($0, limit: 64) }
    members["transaction"] = page.transaction
    members["problem"] = page.problem.map { Self.shown($0, limit: 500) }
    members["connection"] = page.connection.map(Self.members)
    self.members = members
  }

  private static func members(_ connection: AccountConnection) -> [String: Any] {
    let tones: [AccountConnection.Standing: String] = [.connected: "good", .needsUser: "problem", .troubled: "warning"]
    var members: [String: Any] = [
      "name": shown(connection.serverName, limit: 100), "path": connection.path, "csrf": connection.csrf,
      "state": shown(connection.state), "tone": tones[connection.standing] ?? "plain-state",
      "hasDetails": connection.standing != .absent, "isRefreshable": connection.isRefreshable,
    ]
    members["nextStep"] = connection.nextStep.map { shown($0) }
    if !connection.granted.isEmpty {
      members["granted"] = shown(connection.granted.joined(separator: " "), limit: 2000)
    }
    if !connection.missing.isEmpty {
      members["missing"] = shown(connection.missing.joined(separator: " "), limit: 2000)
    }
    members["refreshedAt"] = connection.refreshedAt.map(\.minute)
    members["expiresAt"] = connection.expiresAt.map(\.minute)
    return members
  }

  private init(_ page: ApprovalPage) {
    template = .approval
    title = page.mayDecide ? "Allow this call?" : "A call that needs approval"
    var members: [String: Any] = Self.members(page.summary)
    members["heading"] = title
    // Bounded where the call was taken, and marked where it can't be seen.
    members["parameters"] = page.parameters
    members["hidesCharacters"] = page.hidesCharacters
    members["advice"] = Self.shown(page.advice, limit: 500)
    members["problem"] = page.problem.map { Self.shown($0, limit: 500) }
    members["mayDecide"] = page.mayDecide
    members["mayRevoke"] = page.mayRevoke
    members["binding"] = page.binding
    members["csrf"] = page.csrf
    self.members = members
  }

  private init(_ page: ApprovalListPage) {
    template = .approvals
    title = "Approvals"
    members = [
      "userName": Self.shown(page.userName), "toDecide": page.toDecide.map(Self.members),
      "waiting": page.waiting.map(Self.members), "allowed": page.allowed.map(Self.members),
      "hasToDecide": !page.toDecide.isEmpty, "hasWaiting": !page.waiting.isEmpty,
      "hasAllowed": !page.allowed.isEmpty,
      "isEmpty": page.toDecide.isEmpty && page.waiting.isEmpty && page.allowed.isEmpty,
    ]
  }

  private static func members(_ approval: ApprovalSummary) -> [String: Any] {
    var members: [String: Any] = [
      "path": approval.path, "state": shown(approval.state), "tone": approval.tone.rawValue,
      "target": shown(PlainText.marked(approval.target), limit: 300), "server": shown(approval.server, limit: 100),
      "caller": shown(approval.caller), "clientName": shown(approval.client, limit: 260),
      "rule": shown(approval.rule, limit: 100), "askedAt": approval.askedAt.minute,
      "expiresAt": approval.expiresAt.minute,
    ]
    members["decidedBy"] = approval.decidedBy.map { shown($0) }
    return members
  }

  private init(_ page: MessagePage) {
    template = .message
    title = Self.shown(page.title)
    var members: [String: Any] = ["heading": title, "message": Self.shown(page.message, limit: 1000)]
    members["advice"] = page.advice.map { Self.shown($0, limit: 1000) }
    members["reference"] = page.reference.map { Self.shown($0, limit: 64) }
    members["link"] = page.link.map { ["path": $0.path, "label": Self.shown($0.label, limit: 64)] }
    self.members = members
  }

  private static func members(_ prompt: LoginPrompt) -> [String: Any] {
    var members: [String: Any] = [
      "clientName": shown(prompt.clientName, limit: 100), "redirectHost": shown(prompt.redirectHost, limit: 260),
    ]
    members["clientHost"] = prompt.clientHost.map { shown($0, limit: 260) }
    return members
  }

  static func shown(_ text: String, limit: Int = 200) -> String { PlainText.sanitized(text, limit: limit) }
}

extension Timestamp {
  /// The minute, as people read it: `2026-07-28 09:30 UTC`.
  var minute: String { text.prefix(10) + " " + text.dropFirst(11).prefix(5) + " UTC" }
}
