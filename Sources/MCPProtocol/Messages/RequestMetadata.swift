import StrictCoding

/// The `_meta` of a request or notification.
public struct RequestMetadata: Sendable, Equatable {
  /// The numbers of names, in the order of ``ReservedKeys/metadata``.
  private enum Member {
    static let (protocolVersion, clientCapabilities) = (0, 1)
  }

  private let view: JSONObjectView
  private let reserved: JSONMembers
  /// The protocol version, where it is a known one.
  public let protocolRevision: ProtocolRevision?

  /// Wraps the members.
  public init(_ members: JSONObject = JSONObject()) {
    self.init(JSONObjectView(members))
  }

  init(_ view: JSONObjectView) { self.init(view, ReservedKeys.metadata.find(in: view).members) }

  /// Takes what was found in it already.
  init(_ view: JSONObjectView, _ reserved: JSONMembers) {
    self.view = view
    self.reserved = reserved
    protocolRevision = ProtocolRevision.newestFirst.first {
      view.isString(at: reserved[Member.protocolVersion], $0.rawValue)
    }
  }

  /// The protocol version as written; nil where it is absent or no string.
  public var protocolVersion: String? { view.text(at: reserved[Member.protocolVersion]) }

  /// Whether it names a protocol version, known or not.
  var hasProtocolVersion: Bool { view.isText(at: reserved[Member.protocolVersion]) }

  /// Whether the protocol version is written like this.
  func isVersion(_ text: String) -> Bool { view.isString(at: reserved[Member.protocolVersion], text) }

  /// Where there is none.
  static let none = RequestMetadata(JSONObject())

  /// One member, or nil; the others aren't built.
  public subscript(_ key: String) -> JSONValue? { view[key] }

  /// The members that don't have the protocol's prefix; the others aren't built.
  public var foreignMembers: JSONObject { view.tree { !$0.starts(with: MetadataKey.prefix) } }

  /// All members, reserved or not; built anew each time.
  public var members: JSONObject { view.tree }

  /// Whether the client said what it can do.
  public var hasClientCapabilities: Bool { view.isObject(at: reserved[Member.clientCapabilities]) }

  /// Compares the members.
  public static func == (lhs: RequestMetadata, rhs: RequestMetadata) -> Bool { lhs.members == rhs.members }

  /// Whether the client declared an extension.
  public func declares(extension name: String) -> Bool {
    view.object(at: reserved[Member.clientCapabilities])?.object("extensions")?[name] != nil
  }

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
