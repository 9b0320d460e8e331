/// In which era, and which revision of it, a request is spoken.
public struct EraClassification: Sendable, Equatable {
  /// The era.
  public let era: Era
  /// The revision that the request names itself; nil where a legacy request leaves it to its session.
  public let revision: ProtocolRevision?
  /// Whether a version header that contradicts the body was let pass.
  public let toleratesHeader: Bool

  /// Makes a classification.
  public init(era: Era, revision: ProtocolRevision?, toleratesHeader: Bool = false) {
    self.era = era
    self.revision = revision
    self.toleratesHeader = toleratesHeader
  }
}
