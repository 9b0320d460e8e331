import MartletDomain

/// Pages of every kind, with one text in every field that somebody else chose.
enum PageExamples {
  static func all(_ text: String) -> [Page] {
    let prompt = LoginPrompt(clientName: text, clientHost: text, redirectHost: text)
    let anonymous = LoginPrompt(clientName: text, clientHost: nil, redirectHost: text)
    return [
      login(prompt, password: true, providers: [text, text], problem: text, transaction: text, csrf: text),
      login(anonymous, password: false, providers: [text], problem: nil, transaction: text, csrf: text),
      login(nil, password: true, providers: [], problem: text, transaction: nil, csrf: text),
      consent(prompt, text, choices: 1, remembered: false, toThisDevice: true),
      consent(anonymous, text, choices: 3, remembered: false, toThisDevice: false),
      consent(prompt, text, choices: 1, remembered: true, toThisDevice: false),
      Page(.account(AccountPage(userName: text, tenant: text, csrf: text))),
      Page(.account(AccountPage(userName: text, tenant: nil, csrf: text))),
      Page(.message(MessagePage(title: text, message: text, advice: text, reference: text)), formTargets: [text]),
      Page(.message(MessagePage(title: text, message: text))),
    ]
  }

  static func login(
    _ prompt: LoginPrompt?, password: Bool, providers: [String], problem: String?, transaction: String?, csrf: String
  ) -> Page {
    Page(
      .login(
        LoginPage(
          prompt: prompt, transaction: transaction, csrf: csrf, acceptsPassword: password, providers: providers,
          problem: problem)))
  }

  static func consent(
    _ prompt: LoginPrompt, _ text: String, choices: Int, remembered: Bool, toThisDevice: Bool
  ) -> Page {
    Page(
      .consent(
        ConsentPage(
          prompt: prompt, redirectsToThisDevice: toThisDevice, userName: text,
          choices: (0..<choices).map { _ in ConsentPage.Choice(resource: text, name: text) },
          permissions: [text, text],
          lifetime: text, isRemembered: remembered, transaction: text, csrf: text)))
  }
}
