import MartletAudit
import MartletDomain
import MartletIntegrations
import OAuthProtocol

/// How long the trail is kept, and where it goes beside the store (`audit:`).
public struct AuditSettings: Sendable {
  /// One place.
  public enum Sink: Sendable {
    /// Lines of a file.
    case file(path: String, syncing: FileSink.Syncing)
    /// Messages to syslog.
    case syslog(SyslogAddress, facility: Int)
    /// Signed posts.
    case webhook(AbsoluteURL, secret: Secret)
    /// OpenTelemetry log records.
    case otlp(AbsoluteURL, headers: [(name: String, value: Secret)])

    /// As the sink itself is named.
    var name: String {
      switch self {
      case .file(let path, _): FileSink.name(path)
      case .syslog(let address, _): SyslogSink.name(address)
      case .webhook(let url, _): WebhookSink.name(url)
      case .otlp(let url, _): OTLPSink.name(url)
      }
    }
  }

  /// How long records are kept.
  public var retention = Duration.seconds(90 * 86_400)
  /// Where they go.
  public var sinks: [Sink] = []
}
