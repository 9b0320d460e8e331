import MartletDomain
import StrictCoding

/// Takes in a changed configuration, whole or not at all.
struct Reload: Sendable {
  let application: GatewayApplication

  func run() async {
    do throws(ConfigurationProblems) {
      let read = try await application.options.load()
      let previous = application.snapshots.current
      let configuration = read.keepingStart(of: previous.configuration)
      application.snapshots.replace(with: Snapshot(configuration, port: application.door.port, after: previous))
      record(.configurationLoaded)
      await application.vault.noteConfiguration()
      application.logger.info("the configuration was read again")
      let waiting = read.keysOfNextStart(after: configuration)
      if !waiting.isEmpty {
        application.logger.warning("what is new of \(waiting.joined(separator: ", ")) takes effect after a restart")
      }
      let sinks = application.shipping.shippers.map { AuditSettings.Destination.name($0.sink.name, $0.tenants) }
      if !configuration.audit.sinks.map(\.name).elementsEqual(sinks, by: { $0.equalsBytewise($1) }) {
        application.logger.warning("audit.sinks take effect after a restart")
      }
    } catch {
      record(.configurationRefused)
      application.logger.error("the configuration has problems; the one before stays")
      for problem in error.problems { application.logger.error("\(problem)") }
    }
  }

  private func record(_ action: AuditAction) {
    application.installation.audit.record(AuditEvent(at: application.installation.clock.now(), action: action))
  }
}
