import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

extension AdminRole: ExpressibleByArgument {}

/// `martlet admin token`.
struct AdminIssue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Make a bearer for the admin API; it is shown this once.",
    discussion: """
      The bearer alone goes to standard output, what it is good for to standard error.

      Examples:
        BEARER=$(martlet admin token --role admin --ttl 8h)
        curl -H "Authorization: Bearer $BEARER" http://127.0.0.1:8080/api/keys
        martlet admin token --role tenant-admin --tenant acme --ttl 1h --json
      """)

  @Option(help: "admin changes everything, auditor only reads, tenant-admin stays in one tenant.")
  var role: AdminRole

  @Option(help: "The tenant, for tenant-admin and, where it shall see one only, for auditor.")
  var tenant: String?

  @Option(help: ArgumentHelp("How long it lives, at most 30d.", valueName: "duration"))
  var ttl = "8h"

  @Option(
    help: ArgumentHelp("How long it may lie unused; never for a script's.", valueName: "duration or never"))
  var idle = "30m"

  @OptionGroup var options: InstallationOptions

  private var idleWords: String { "never".equalsBytewise(idle) ? "" : " or unused for \(idle)" }

  private func idleLimit() throws -> Duration? {
    "never".equalsBytewise(idle) ? nil : try DurationText.parse(idle, option: "--idle")
  }

  func validate() throws {
    if let tenant, !TenantName.isValid(tenant) { throw ValidationError("--tenant must be \(TenantName.rule)") }
    if role == .tenantAdmin, tenant == nil { throw ValidationError("--role tenant-admin needs --tenant") }
    if role == .admin, tenant != nil { throw ValidationError("--role admin is for all tenants: leave --tenant out") }
    _ = try DurationText.parse(ttl, option: "--ttl")
    _ = try idleLimit()
  }

  func run() async throws {
    try await options.withInstallation(isNewWelcome: true) { installation, _ in
      let (lifetime, idleLimit) = (try DurationText.parse(ttl, option: "--ttl"), try idleLimit())
      let made = try await AdminWords.failing { () throws(AdminTokenError) in
        try await installation.adminTokens.issue(
          role, tenant: tenant.map { TenantID($0) }, lifetime: lifetime, idleLimit: idleLimit)
      }
      // The one place where it leaves the process.
      let text = ByteString(made.bearer.expose()).string
      if options.json {
        var answer = AdminTokenJSON.object(made.record, at: made.record.createdAt)
        answer["token"] = .string(text)
        return Terminal.out(.object(answer))
      }
      Terminal.out(text)
      Terminal.error(
        "A bearer for /api of the role \(role.rawValue), until \(made.record.expiresAt.text)\(idleWords); "
          + "it is shown this once.")
    }
  }
}

/// What the commands about bearers have in common.
enum AdminWords {
  static func failing<Answer>(_ work: () async throws(AdminTokenError) -> Answer) async throws -> Answer {
    do { return try await work() } catch {
      if case .store(let error) = error { throw error }
      throw CommandFailure(error.description, advice: "See `martlet admin token --help`.", code: 1)
    }
  }
}
