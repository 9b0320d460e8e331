import MCPProtocol
import StrictCoding

/// A legacy-era session as a client sees it: the id is ours, and it is bound to whoever began it (V-014).
public struct MCPSession: Sendable, Hashable {
  /// Hash of the id that the client sends.
  public var digest: ArtefactDigest
  /// Whose session it is.
  public var binding: PrincipalBinding
  /// The revision agreed on with the client.
  public var revision: ProtocolRevision
  /// The body of the client's `initialize`, to begin again with when an upstream forgets.
  public var initializeRequest: [UInt8]
  /// The upstream's own session id; `nil` for a stateless upstream.
  public var upstreamSession: String?
  /// The upstream instance that the session lives on.
  public var upstreamURL: String
  /// The era that the upstream is spoken to in; another than the client's where Martlet translates.
  public var upstreamEra: Era
  /// The least log level that the client asked for, where the upstream has to be told with each request.
  public var logLevel: String?
  /// The resources that the client watches, likewise.
  public var watchedResources: [String]
  /// When it began.
  public var createdAt: Timestamp
  /// When it was last used, to within an hour.
  public var usedAt: Timestamp

  /// Describes a session.
  public init(
    digest: ArtefactDigest, binding: PrincipalBinding, revision: ProtocolRevision, initializeRequest: [UInt8],
    upstreamSession: String?, upstreamURL: String, upstreamEra: Era = .legacy, logLevel: String? = nil,
    watchedResources: [String] = [], createdAt: Timestamp, usedAt: Timestamp
  ) {
    self.digest = digest
    self.binding = binding
    self.revision = revision
    self.initializeRequest = initializeRequest
    self.upstreamSession = upstreamSession
    self.upstreamURL = upstreamURL
    self.upstreamEra = upstreamEra
    self.logLevel = logLevel
    self.watchedResources = watchedResources
    self.createdAt = createdAt
    self.usedAt = usedAt
  }
}

/// A session that isn't what it was.
public struct MCPSessionChange: SequencedChange, Hashable {
  /// Its place in the order of all changes.
  public let sequence: Int64
  /// Which session.
  public let digest: ArtefactDigest
  /// Whether there is no such session now.
  public let isEnded: Bool

  /// Describes a change.
  public init(sequence: Int64, digest: ArtefactDigest, isEnded: Bool) {
    self.sequence = sequence
    self.digest = digest
    self.isEnded = isEnded
  }
}
