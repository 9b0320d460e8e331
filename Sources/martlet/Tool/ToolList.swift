import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet tool list`.
struct ToolList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List pinned tools, and which of them have changed since.")

  @Option(help: "The tenant.")
  var tenant = "default"

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let pins = try await installation.store.toolPins(tenant: TenantID(tenant))
      guard !options.json else { return Terminal.out(.array(pins.map { .object($0.json) })) }
      if pins.isEmpty { return Terminal.out("No tool has been seen yet.") }
      Terminal.table(
        ["SERVER", "TOOL", "STATE"],
        pins.map { [$0.route.server.string, $0.tool.string, $0.changed == nil ? "trusted" : "changed: held back"] })
    }
  }
}
