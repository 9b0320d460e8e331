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
    self.members = members
  }

  private init(_ page: MessagePage) {
    template = .message
    title = Self.shown(page.title)
    var members: [String: Any] = ["heading": title, "message": Self.shown(page.message, limit: 1000)]
    members["advice"] = page.advice.map { Self.shown($0, limit: 1000) }
    members["reference"] = page.reference.map { Self.shown($0, limit: 64) }
    self.members = members
  }

  private static func members(_ prompt: LoginPrompt) -> [String: Any] {
    var members: [String: Any] = [
      "clientName": shown(prompt.clientName, limit: 100), "redirectHost": shown(prompt.redirectHost, limit: 260),
    ]
    members["clientHost"] = prompt.clientHost.map { shown($0, limit: 260) }
    return members
  }

  private static func shown(_ text: String, limit: Int = 200) -> String { PlainText.sanitized(text, limit: limit) }
}
