import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet connection enter`.
struct ConnectionEnter: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enter", abstract: "Keep a tenant's key for a server that wants one (per: tenant).",
    discussion: """
      The key is read from standard input, kept sealed, and never shown again. Servers use it within a second; another
      one takes its place. `martlet connection revoke` takes it away.

      Example:
        martlet connection enter tracker --tenant acme < key.txt
      """)

  @Argument(help: "The server's name.")
  var server: String

  @Option(help: "The tenant.")
  var tenant = "default"

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard TenantName.isValid(tenant) else { throw ValidationError("--tenant must be \(TenantName.rule)") }
  }

  func run() async throws {
    let entered = Terminal.firstLine(limit: OwnKeySettings.longestKey + 2)
    try await options.withInstallation { installation, configuration in
      let isKnown = try await installation.tenants.list(configuration.namedTenants).contains {
        $0.tenant == TenantID(tenant)
      }
      do {
        try await TenantKeys(installation, configuration).keep(
          entered, for: ServerName(server), of: TenantID(tenant), by: Asker())
      } catch TenantKeys.Refusal.notAKey {
        throw CommandFailure(
          "this can't be a key", advice: "Give it on standard input: visible characters without spaces between them.")
      } catch is TenantKeys.Refusal {
        throw CommandFailure(
          "\(PlainText.sanitized(server, limit: 64)) takes no key of the tenant \(tenant)",
          advice: "Its credential has to be {header: {name: …, per: tenant}}, and the tenant one that may have it.")
      }
      if !isKnown {
        Terminal.error("note: nothing else names a tenant \(tenant) yet; if that was a slip, revoke the key again.")
      }
      if options.json {
        return Terminal.out(["server": .string(server), "tenant": .string(tenant), "entered": .bool(true)])
      }
      Terminal.out("The key of \(tenant) for \(server) is kept; calls carry it within a second.")
    }
  }
}
