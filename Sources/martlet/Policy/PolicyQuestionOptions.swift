import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// Who would call what.
struct PolicyQuestionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The user: a login name, or an id (martlet user list --json).", valueName: "name"))
  var user: String?

  @Option(help: ArgumentHelp("The OAuth client that the call comes through.", valueName: "client_id"))
  var client: String?

  @Option(help: "The tenant of a client that acts for itself.")
  var tenant = "default"

  @Option(help: ArgumentHelp("The call.", valueName: "server/tool"))
  var call: String

  @Option(help: ArgumentHelp("The arguments of the call, a JSON object.", valueName: "json"))
  var args: String?

  @Option(
    help: ArgumentHelp(
      "What the tool says of itself, such as '{\"readOnlyHint\": true}'; without it, nothing.", valueName: "json"))
  var annotations: String?

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard user != nil || client != nil else { throw ValidationError("say who calls: --user NAME, or --client ID") }
    guard call.utf8.contains(UInt8(ascii: "/")) else { throw ValidationError("--call must be SERVER/TOOL") }
  }

  /// Answers the question.
  func answer(_ use: @escaping (PolicyInquiry.Answer) throws -> Void) async throws {
    try await options.withInstallation { installation, configuration in
      let parts = call.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      var inquiry = PolicyInquiry(server: ServerName(parts[0]), tool: parts[1])
      inquiry.arguments = try object(args, "--args")
      inquiry.annotations = try object(annotations, "--annotations").map { .object($0) }
      inquiry.client = client.map { ClientID($0) }
      inquiry.tenant = TenantID(tenant)
      if let user { inquiry.user = try await known(user, installation) }
      try use(inquiry.answer(under: configuration, at: installation.clock.now()))
    }
  }

  private func known(_ name: String, _ installation: Installation) async throws -> User {
    if let user = try await installation.store.user(called: name) { return user }
    throw CommandFailure(
      "there is no user \(PlainText.sanitized(name, limit: 64))", advice: "`martlet user list` shows who there is.",
      code: 2)
  }

  private func object(_ text: String?, _ option: String) throws -> JSONObject? {
    guard let text else { return nil }
    guard let object = (try? JSONReader.parse(string: text))?.objectValue else {
      throw CommandFailure("\(option) is no JSON object", advice: "For example '{\"branch\": \"main\"}'.", code: 2)
    }
    return object
  }
}
