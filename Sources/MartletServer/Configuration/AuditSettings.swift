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

  /// One place, and whose records go there.
  public struct Destination: Sendable {
    /// Where.
    public let sink: Sink
    /// Whose; `nil` for everybody's.
    public let tenants: Set<TenantID>?

    /// Tells it from others, in the warning that it changes at the next start.
    var name: String { Self.name(sink.name, tenants) }

    static func name(_ sink: String, _ tenants: Set<TenantID>?) -> String {
      ([sink] + (tenants ?? []).sorted().map(\.string)).joined(separator: " ")
    }
  }

  /// How long records are kept.
  public var retention = Duration.seconds(90 * 86_400)
  /// Tenants whose records are kept for another time.
  public var tenantRetention: [TenantID: Duration] = [:]
  /// Where they go.
  public var sinks: [Destination] = []
}
