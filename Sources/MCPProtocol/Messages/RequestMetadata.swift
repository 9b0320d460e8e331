import StrictCoding

/// The `_meta` of a request or notification.
public struct RequestMetadata: Sendable, Equatable {
  private let view: JSONObjectView
  /// The protocol version as written; nil where it is absent or no string.
  public let protocolVersion: String?
  /// The protocol version, where it is a known one.
  public let protocolRevision: ProtocolRevision?

  /// Wraps the members.
  public init(_ members: JSONObject = JSONObject()) {
    self.init(JSONObjectView(members))
  }

  init(_ view: JSONObjectView) {
    self.view = view
    protocolVersion = view[MetadataKey.protocolVersion]?.stringValue
    protocolRevision = protocolVersion.flatMap { ProtocolRevision($0) }
  }

  /// Where there is none.
  static let none = RequestMetadata(JSONObject())

  /// All members, reserved or not; built anew each time.
  public var members: JSONObject { view.tree }

  /// Whether the client said what it can do.
  public var hasClientCapabilities: Bool { view.object(MetadataKey.clientCapabilities) != nil }

  /// Compares the members.
  public static func == (lhs: RequestMetadata, rhs: RequestMetadata) -> Bool { lhs.members == rhs.members }

  /// The client's capabilities; nil where they are absent or no object.
  public var clientCapabilities: JSONObject? {
    view[MetadataKey.clientCapabilities]?.objectValue
  }

  /// What the client calls itself; for display only.
  public var clientInfo: JSONObject? {
    view[MetadataKey.clientInfo]?.objectValue
  }

  /// The client's name fit for display, or nil.
  public var clientName: String? {
    clientInfo?["name"]?.stringValue.map { PlainText.sanitized($0, limit: 100) }
  }

  /// The token under which progress is reported, or nil.
  public var progressToken: JSONRPCID? {
    JSONRPCID(request: view[MetadataKey.progressToken])
  }
}
