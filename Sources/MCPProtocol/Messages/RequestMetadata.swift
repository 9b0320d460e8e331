import StrictCoding

/// The `_meta` of a request or notification.
public struct RequestMetadata: Sendable, Equatable {
  /// All members, reserved or not.
  public let members: JSONObject

  /// Wraps the members.
  public init(_ members: JSONObject = JSONObject()) {
    self.members = members
  }

  /// The protocol version as written; nil where it is absent or no string.
  public var protocolVersion: String? {
    members[MetadataKey.protocolVersion]?.stringValue
  }

  /// The protocol version, where it is a known one.
  public var protocolRevision: ProtocolRevision? {
    protocolVersion.flatMap { ProtocolRevision($0) }
  }

  /// The client's capabilities; nil where they are absent or no object.
  public var clientCapabilities: JSONObject? {
    members[MetadataKey.clientCapabilities]?.objectValue
  }

  /// What the client calls itself; for display only.
  public var clientInfo: JSONObject? {
    members[MetadataKey.clientInfo]?.objectValue
  }

  /// The client's name fit for display, or nil.
  public var clientName: String? {
    clientInfo?["name"]?.stringValue.map { PlainText.sanitized($0, limit: 100) }
  }

  /// The token under which progress is reported, or nil.
  public var progressToken: JSONRPCID? {
    JSONRPCID(request: members[MetadataKey.progressToken])
  }
}
