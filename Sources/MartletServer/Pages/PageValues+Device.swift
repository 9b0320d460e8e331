import MartletDomain

extension PageValues {
  init(_ page: DevicePage) {
    var members: [String: Any] = ["userName": Self.shown(page.userName), "csrf": page.csrf]
    members["userCode"] = page.userCode.map { Self.shown($0, limit: 16) }
    members["problem"] = page.problem.map { Self.shown($0, limit: 500) }
    self.init(template: .device, title: "Connect a program", members: members)
  }

  init(_ page: DeviceConsentPage) {
    let choices = page.choices.enumerated().map { index, choice -> [String: Any] in
      [
        "resource": choice.resource, "address": Self.shown(choice.resource, limit: 260),
        "name": Self.shown(choice.name, limit: 100), "isFirst": index == 0,
      ]
    }
    var members: [String: Any] = [
      "userCode": Self.shown(page.userCode, limit: 16), "clientName": Self.shown(page.clientName, limit: 100),
      "address": Self.shown(page.address, limit: 64), "age": Self.shown(page.age), "isFromHere": page.isFromHere,
      "userName": Self.shown(page.userName), "permissions": page.permissions.map { Self.shown($0) },
      "lifetime": Self.shown(page.lifetime), "csrf": page.csrf, "chooses": choices.count > 1, "choices": choices,
    ]
    if choices.count == 1 { members["single"] = choices[0] }
    self.init(template: .deviceConsent, title: "Allow access", members: members)
  }

  static func members(_ jobs: AccountDelegations) -> [String: Any] {
    [
      "csrf": jobs.csrf, "hasItems": !jobs.items.isEmpty, "canAdd": !jobs.jobs.isEmpty && !jobs.servers.isEmpty,
      "names": jobs.jobs.map { Self.shown($0, limit: 64) }, "servers": jobs.servers.map { Self.shown($0, limit: 64) },
      "items": jobs.items.map { item -> [String: Any] in
        [
          "id": item.id, "job": Self.shown(item.job, limit: 64), "words": Self.shown(item.words, limit: 500),
          "expiresAt": item.expiresAt.minute, "csrf": jobs.csrf,
        ]
      },
    ]
  }

  private init(template: PageTemplate, title: String, members: [String: Any]) {
    self.template = template
    self.title = title
    self.members = members
  }
}
