import StrictCoding

/// A released revision of the Model Context Protocol.
public enum ProtocolRevision: Sendable, Hashable, CaseIterable, Comparable, RawRepresentable {
  /// 2024-11-05: HTTP with SSE.
  case v20241105
  /// 2025-03-26: Streamable HTTP, batches.
  case v20250326
  /// 2025-06-18: the version header, no batches.
  case v20250618
  /// 2025-11-25: the last revision of the legacy era.
  case v20251125
  /// 2026-07-28: the first revision of the modern era.
  case v20260728

  /// The newest revision that is known.
  public static let latest = ProtocolRevision.v20260728
  /// The newest revision of the legacy era.
  public static let latestLegacy = ProtocolRevision.v20251125
  /// What a legacy request without a version header means (MCP 2025-06-18, Transports, Protocol Version Header).
  public static let assumed = ProtocolRevision.v20250326

  /// Most calls name a new one.
  static let newestFirst: [ProtocolRevision] = allCases.reversed()

  /// The date that stands on the wire.
  public var rawValue: String {
    switch self {
    case .v20241105: "2024-11-05"
    case .v20250326: "2025-03-26"
    case .v20250618: "2025-06-18"
    case .v20251125: "2025-11-25"
    case .v20260728: "2026-07-28"
    }
  }

  /// Compares the revisions; without it their dates would be compared, as texts.
  public static func == (lhs: ProtocolRevision, rhs: ProtocolRevision) -> Bool { lhs <= rhs && lhs >= rhs }

  /// The revision of a date, compared bytewise; nil for an unknown one.
  public init?(_ text: some StringProtocol) {
    guard let revision = Self.allCases.first(where: { text.utf8.elementsEqual($0.rawValue.utf8) }) else { return nil }
    self = revision
  }

  /// The revision of a date, compared bytewise; nil for an unknown one.
  public init?(_ text: String) {
    guard text.utf8.count == 10, let revision = Self.newestFirst.first(where: { text.equalsBytewise($0.rawValue) })
    else { return nil }
    self = revision
  }

  /// Same as ``init(_:)``.
  public init?(rawValue: String) {
    self.init(rawValue)
  }

  /// The era that the revision belongs to.
  public var era: Era {
    self < .v20260728 ? .legacy : .modern
  }

  /// Whether a body may be a JSON-RPC batch; only 2025-03-26 has them.
  public var allowsBatches: Bool {
    self == .v20250326
  }
}
