import MartletDomain
import StrictCoding

/// Takes in a changed configuration, whole or not at all.
struct Reload: Sendable {
  let application: GatewayApplication

  func run() async {
    do throws(ConfigurationProblems) {
      let configuration = try await application.options.load()
      let previous = application.snapshots.current
      let before = previous.configuration
      application.snapshots.replace(with: Snapshot(configuration, port: application.door.port, after: previous))
      record(.configurationLoaded)
      await application.vault.noteConfiguration()
      application.logger.info("the configuration was read again")
      if before.listen != configuration.listen || before.tls != configuration.tls
        || before.dataDirectory != configuration.dataDirectory || before.logFormat != configuration.logFormat
        || before.logLevel != configuration.logLevel || before.httpCodec != configuration.httpCodec
      {
        application.logger.warning("listen, tls, data_dir, log and http_codec take effect after a restart")
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
