import Logging
import MartletAudit
import MartletDomain
import MartletIntegrations
import OAuthClient
import StrictCoding

/// Takes the trail to the places that the configuration names.
struct TrailShipping: Sendable {
  let shippers: [TrailShipper]

  /// - Throws: An error of the TLS library when `egress.ca_file` can't be read.
  init(_ configuration: Configuration, _ installation: Installation, _ logger: Logger) throws {
    let fetcher = try SafeFetcher.operatorConfigured(certificateAuthorityFile: configuration.egress.authorityFile)
    let holder = Hex.encode(installation.random.bytes(16))
    shippers = configuration.audit.sinks.map { destination in
      let sink = Self.sink(destination.sink, fetcher, installation.clock)
      return TrailShipper(
        sink: sink, of: destination.tenants, store: installation.store, holder: holder, clock: installation.clock,
        report: { Self.tell($0, of: sink.name, logger) })
    }
  }

  /// Goes on until cancelled.
  func run() async {
    await withTaskGroup(of: Void.self) { tasks in
      for shipper in shippers { tasks.addTask { await shipper.run() } }
    }
  }

  /// Opens files anew.
  func reopen() async {
    for shipper in shippers { await shipper.sink.reopen() }
  }

  /// Tells the rest and lets other processes go on.
  func close() async {
    await withTaskGroup(of: Void.self) { tasks in
      for shipper in shippers { tasks.addTask { await shipper.close() } }
    }
  }

  private static func sink(
    _ settings: AuditSettings.Sink, _ fetcher: SafeFetcher, _ clock: any WallClock
  ) -> any TrailSink {
    switch settings {
    case .file(let path, let syncing): FileSink(path: path, syncing: syncing)
    case .syslog(let address, let facility): SyslogSink(address: address, facility: facility)
    case .webhook(let url, let secret): WebhookSink(url: url, secret: secret, fetcher: fetcher, clock: clock)
    case .otlp(let url, let headers): OTLPSink(url: url, headers: headers, fetcher: fetcher)
    }
  }

  private static func tell(_ news: TrailShipper.News, of sink: String, _ logger: Logger) {
    switch news {
    case .failed(let failure):
      logger.error(
        "the trail doesn't reach a sink; records wait, calls go on. \(failure.advice)",
        metadata: ["sink": "\(sink)", "error": "\(failure.message)"])
    case .recovered: logger.info("the trail reaches a sink again", metadata: ["sink": "\(sink)"])
    case .missed(let count):
      logger.error(
        "records were removed before a sink took them; raise audit.retention, or take the sink away",
        metadata: ["sink": "\(sink)", "records": "\(count)"])
    }
  }
}
