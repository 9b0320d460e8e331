import HTTPWire
import MCPProtocol
import MartletAuthorizationServer
import MartletDomain
import MartletPolicy
import MartletProxy
import OAuthClient
import OAuthProtocol

/// `martlet.yaml`, read and checked: an immutable value. A process holds one at a time, and a request keeps the one it
/// began with.
public struct Configuration: Sendable {
  /// Where Martlet listens.
  public struct Address: Sendable, Hashable {
    /// An address or name of this machine.
    public var host: String
    /// The port; 0 for any.
    public var port: Int

    /// Whether only this machine can connect.
    public var isLoopback: Bool { Self.urlHost(host)?.isLoopback ?? false }
  }

  /// The listener's certificate.
  public struct TLS: Sendable, Hashable {
    /// PEM file of the chain.
    public var certificate: String
    /// PEM file of the key.
    public var key: String
    /// Both, opened, where the reader was asked to.
    let files: TLSFiles?

    /// Whether both name the same files.
    public static func == (left: TLS, right: TLS) -> Bool {
      left.certificate == right.certificate && left.key == right.key
    }

    /// Hashes the names of the files.
    public func hash(into hasher: inout Hasher) {
      hasher.combine(certificate)
      hasher.combine(key)
    }
  }

  /// An MCP server behind Martlet.
  public struct Server: Sendable {
    /// Its name, the first segment of its route.
    public var name: ServerName
    /// Its instances.
    public var instances: [UpstreamAddress]
    /// The tenants that may have it; `nil` for all.
    public var tenants: Set<TenantID>?
    /// The pinned revision.
    public var revision: ProtocolRevision?
    /// What it is called with.
    public var credential: ServerCredential
    /// Where it may lead for its authorization server; `nil` for every public host.
    public var destinations: HostList?
  }

  /// How the log is written.
  public enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object a line.
    case json
    /// For people.
    case text
  }

  /// What is logged.
  public enum LogLevel: String, Sendable, CaseIterable {
    /// Everything.
    case debug
    /// What operators want to know.
    case info
    /// What may need attention.
    case warning
    /// What needs attention.
    case error
  }

  /// What discovered URLs may reach (`egress:`).
  public struct Egress: Sendable, Hashable {
    /// Private ranges that are allowed.
    public var allow: [CIDR] = []
    /// PEM file of certificates to trust beside the system's.
    public var authorityFile: String?
  }

  /// The one origin that clients see.
  public var publicURL: HTTPOrigin
  /// Whether `publicURL` was derived from the listener, and so follows its port.
  public var publicURLFollowsListener: Bool
  /// Where Martlet listens.
  public var listen: Address
  /// The listener's certificate.
  public var tls: TLS?
  /// Proxies whose `X-Forwarded-For` counts.
  public var trustedProxies: [CIDR] = []
  /// Which code reads and writes HTTP/1.1, at the listener and towards servers.
  public var httpCodec = HTTPCodec.martlet
  /// Values of `Host` that are ours, beside `publicURL`'s.
  public var allowedHosts: [String] = []
  /// Origins whose pages may call routes.
  public var allowedOrigins: Set<HTTPOrigin> = []
  /// The folder of the embedded store and the master key.
  public var dataDirectory: String
  /// Where the master key comes from; looked at once, when the installation is opened.
  public var masterKey = MasterKeySource.ownFile
  /// How the log is written.
  public var logFormat = LogFormat.text
  /// What is logged.
  public var logLevel = LogLevel.info
  /// The servers.
  public var servers: [Server] = []
  /// Clients written in the file.
  public var clients: [RegisteredClient] = []
  /// How clients may become known.
  public var registration = RegistrationSettings()
  /// How long tokens live.
  public var tokens = TokenSettings()
  /// How programs without a browser log in.
  public var deviceGrant = DeviceGrantSettings()
  /// The header that carries the assertion to upstreams, lower case.
  public var assertionHeader = "martlet-assertion"
  /// How long an assertion lives.
  public var assertionLifetime: Duration = .seconds(60)
  /// What discovered URLs may reach.
  public var egress = Egress()
  /// Whether local users may log in.
  public var acceptsLocalUsers = true
  /// OIDC providers.
  public var providers: [ProviderConfiguration] = []
  /// Who may do what; `nil` where everybody may do everything.
  public var policy: AccessPolicy?
  /// Where Open Policy Agent is asked beside the rules; `nil` for nowhere.
  public var opa: OPASettings?
  /// Who is told that a call waits for approval.
  public var approvals = ApprovalSettings()
  /// How much may be done; `nil` where nothing is counted.
  public var limits: LimitRules?
  /// How long the trail is kept, and where it goes beside the store.
  public var audit = AuditSettings()

  /// Names that can't be a server's, since their paths are taken.
  static let reservedNames: Set<String> = [
    "authorize", "token", "register", "revoke", "introspect", "jwks", "device", "device_authorization", "login",
    "consent", "logout", "connect", "account", "approvals", "api", "healthz", "readyz", "metrics", "assets", "t",
    "callback", "mcp", "sse", "messages",
  ]
}

/// An OIDC provider (`identity.providers`).
public struct ProviderConfiguration: Sendable {
  /// Its name, a segment of `/login/{name}`.
  public var name: String
  /// The issuer.
  public var issuer: AbsoluteURL
  /// Our client id there.
  public var clientID: String
  /// Our client secret there.
  public var clientSecret: Secret?
  /// Whether there is one, read or not.
  public var isConfidential = false
  /// The claim that names the tenant.
  public var tenantClaim: String?
  /// The claim that lists groups.
  public var groupsClaim: String?
  /// The scopes to ask for.
  public var scopes: [String]
}
