import MartletDomain
import Testing

@testable import MartletServer

@Suite struct PageFormTests {
  private let renderer: PageRenderer

  init() throws { renderer = try PageRenderer(origin: "https://gateway.example.com") }

  @Test func V_062_nothingActiveIsOnAnyPage() {
    for page in PageExamples.all("x") {
      let html = HTMLStructure(renderer.render(page).html)
      #expect(html.all("script").isEmpty && html.all("style").isEmpty && html.all("iframe").isEmpty)
      let attributes = html.tags.flatMap { $0.attributes.map(\.name) }
      #expect(!attributes.contains { $0.hasPrefix("on") || $0 == "style" || $0 == "formaction" })
      let links = html.values("href").filter { $0 != "/approvals" }
      #expect(links == ["/assets/martlet.svg", "/assets/martlet.css"])
      #expect(html.values("action").allSatisfy { $0.hasPrefix("/") && !$0.hasPrefix("//") })
    }
  }

  @Test func eachPageHasOneMainForm() {
    for page in PageExamples.all("x") {
      let html = HTMLStructure(renderer.render(page).html)
      if case .message = page.content {
        #expect(html.all("form").isEmpty)
      } else {
        #expect(html.values("id").filter { $0 == "main" }.count == 1)
      }
      #expect(
        html.all("h1").count == 1 && html.all("main").count == 1 && html.all("html")[0].attributes[0].value == "en")
    }
  }

  @Test func loginFormIsUsable() throws {
    let prompt = LoginPrompt(clientName: "An editor", clientHost: "editor.example", redirectHost: "127.0.0.1")
    let page = PageExamples.login(
      prompt, password: true, providers: ["corp"], problem: "Wrong.", transaction: "tx", csrf: "token")
    let text = String(decoding: renderer.render(page).html, as: UTF8.self)
    let html = HTMLStructure(renderer.render(page).html)
    #expect(html.values("action") == ["/login", "/login/corp"])
    #expect(html.values("method") == ["post", "post"])
    #expect(fields(html) == ["transaction", "csrf", "username", "password", "transaction", "csrf"])
    #expect(html.values("autocomplete") == ["username", "current-password"])
    #expect(html.values("for") == ["username", "password"])
    #expect(html.values("role") == ["alert"])
    #expect(text.contains("An editor") && text.contains("editor.example") && text.contains("127.0.0.1"))
  }

  @Test func providersAreMainWherePasswordsAreOff() {
    let page = PageExamples.login(
      nil, password: false, providers: ["corp", "other"], problem: nil, transaction: nil, csrf: "token")
    let html = HTMLStructure(renderer.render(page).html)
    let main = html.all("form").first { $0.attributes.contains { $0.name == "id" } }
    #expect(main?.attributes.first { $0.name == "action" }?.value == "/login/corp")
    #expect(fields(html) == ["csrf", "csrf"])
  }

  @Test func V_096_consentWarnsWhereAnyProgramMayListen() {
    let prompt = LoginPrompt(clientName: "An editor", clientHost: nil, redirectHost: "127.0.0.1:33418")
    for toThisDevice in [true, false] {
      let page = PageExamples.consent(prompt, "x", choices: 1, remembered: false, toThisDevice: toThisDevice)
      let text = String(decoding: renderer.render(page).html, as: UTF8.self)
      #expect(text.contains("any program can pretend to be") == toThisDevice)
      #expect(text.contains("127.0.0.1:33418"))
    }
  }

  @Test(arguments: [true, false])
  func consentHasTwoAnswers(isRemembered: Bool) {
    let prompt = LoginPrompt(clientName: "An editor", clientHost: nil, redirectHost: "a.example")
    let page = PageExamples.consent(prompt, "x", choices: 1, remembered: isRemembered, toThisDevice: false)
    let html = HTMLStructure(renderer.render(page).html)
    let buttons = html.all("button").map { tag in
      tag.attributes.filter { ["name", "value"].contains($0.name) }.map(\.value)
    }
    #expect(buttons == [["decision", "allow"], ["decision", "deny"]])
    #expect(fields(html) == ["transaction", "csrf"])
    #expect(
      String(decoding: renderer.render(page).html, as: UTF8.self).contains(isRemembered ? ">Continue<" : ">Allow<"))
  }

  @Test func severalRoutesAreAChoice() {
    let prompt = LoginPrompt(clientName: "An editor", clientHost: nil, redirectHost: "a.example")
    let page = PageExamples.consent(prompt, "x", choices: 3, remembered: false, toThisDevice: false)
    let html = HTMLStructure(renderer.render(page).html)
    #expect(fields(html) == ["transaction", "csrf", "resource", "resource", "resource"])
    #expect(html.all("input").filter { $0.attributes.contains { $0.name == "checked" } }.count == 1)
  }

  @Test func accountNamesATenantOnlyWhereThereIsOne() {
    let with = renderer.render(Page(.account(AccountPage(userName: "ada", tenant: "acme", csrf: "c")))).html
    let without = renderer.render(Page(.account(AccountPage(userName: "ada", tenant: nil, csrf: "c")))).html
    #expect(String(decoding: with, as: UTF8.self).contains("acme"))
    #expect(!String(decoding: without, as: UTF8.self).contains("Tenant"))
    #expect(HTMLStructure(with).values("action") == ["/logout"])
  }

  @Test func theFooterSaysWhoseThePageIs() {
    let html = renderer.render(Page(.message(MessagePage(title: "a", message: "b")))).html
    #expect(String(decoding: html, as: UTF8.self).contains("Martlet · https://gateway.example.com"))
  }

  private func fields(_ html: HTMLStructure) -> [String] {
    html.all("input").compactMap { tag in tag.attributes.first { $0.name == "name" }?.value }
  }
}
