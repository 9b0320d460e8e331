import StrictCoding

/// Tells legacy from modern requests on a route that speaks both.
///
/// Modern is what names a modern revision in its version header, or without that header in its body, and every
/// `server/discover`. `initialize` is always legacy, since clients fall back to it after a modern probe. All else is
/// legacy.
///
/// Some connectors send a legacy version header around a body whose `_meta` names a modern revision. Where that is
/// tolerated the header wins, as it tells what the hop speaks; only `server/discover`, which legacy doesn't have,
/// stays modern.
public struct EraDetection: Sendable, Equatable {
  /// The revisions that the route speaks.
  public var supported: [ProtocolRevision]
  /// Whether a legacy version header may contradict a modern body; else that is `-32020`.
  public var toleratesVersionMismatch: Bool

  /// Every revision that is known.
  public static let all = ProtocolRevision.allCases

  /// Makes a detection for a route.
  public init(supported: [ProtocolRevision] = EraDetection.all, toleratesVersionMismatch: Bool = true) {
    self.supported = supported
    self.toleratesVersionMismatch = toleratesVersionMismatch
  }

  /// Finds the era and revision of a request.
  ///
  /// - Parameters:
  ///   - headers: The mirrored headers.
  ///   - message: The body; nil for GET and DELETE.
  /// - Throws: `-32022` where a modern-looking request names a version that isn't spoken, unless the route speaks no
  ///   modern revision: a modern code would tell the client otherwise. Else `-32600`, with status 400.
  public func classify(_ headers: MirroredHeaders, message: MCPMessage?) throws(MCPMessageError) -> EraClassification {
    if headers.version.count > 1 {
      throw refusal("MCP-Protocol-Version must be sent once", id: message?.id)
    }
    if message?.calls(.initialize) == true { return EraClassification(era: .legacy, revision: nil) }
    guard let header = headers.version.value else { return try classifyByBody(message) }
    guard let revision = ProtocolRevision(header) else {
      throw unsupported(header, looksModern: looksModern(headers, header, message), id: message?.id)
    }
    if !supported.contains(revision) {
      throw unsupported(header, looksModern: revision.era == .modern, id: message?.id)
    }
    guard revision.era == .legacy, message?.protocolRevision?.era == .modern || message?.calls(.serverDiscover) == true
    else { return EraClassification(era: revision.era, revision: revision) }
    return try tolerated(revision, message)
  }

  /// Finds the era and revision of a batch, which only a legacy request can be.
  ///
  /// - Throws: As ``classify(_:message:)``, and `-32600` for a batch with a modern version header.
  public func classify(_ headers: MirroredHeaders, payload: MCPPayload) throws(MCPMessageError) -> EraClassification {
    guard case .batch = payload else { return try classify(headers, message: payload.messages.first) }
    let classification = try classify(headers, message: nil)
    if classification.era == .modern { throw .invalidRequest("batches are not allowed in this revision") }
    return classification
  }

  private func classifyByBody(_ message: MCPMessage?) throws(MCPMessageError) -> EraClassification {
    let version = message?.metadata.protocolVersion
    if let version, message?.protocolRevision == nil {
      throw unsupported(version, looksModern: true, id: message?.id)
    }
    let revision = message?.protocolRevision.flatMap { $0.era == .modern ? $0 : nil }
    if let revision, !supported.contains(revision) {
      throw unsupported(revision.rawValue, looksModern: true, id: message?.id)
    }
    let isModern = revision != nil || message?.calls(.serverDiscover) == true
    return EraClassification(era: isModern ? .modern : .legacy, revision: revision)
  }

  private func tolerated(
    _ header: ProtocolRevision, _ message: MCPMessage?
  ) throws(MCPMessageError) -> EraClassification {
    if !toleratesVersionMismatch {
      throw refusal("MCP-Protocol-Version and params._meta name different versions", id: message?.id)
    }
    guard message?.calls(.serverDiscover) == true else {
      return EraClassification(era: .legacy, revision: header, toleratesHeader: true)
    }
    let revision = message?.protocolRevision.flatMap { $0.era == .modern ? $0 : nil }
    return EraClassification(era: .modern, revision: revision, toleratesHeader: true)
  }

  /// Whether a request with an unknown version was written by a client of a newer, not an older or broken, kind.
  private func looksModern(_ headers: MirroredHeaders, _ header: String, _ message: MCPMessage?) -> Bool {
    if message?.metadata.protocolVersion != nil || message?.calls(.serverDiscover) == true { return true }
    if headers.hasSessionID { return false }
    return headers.method.count > 0 || Self.isLaterDate(header)
  }

  private static func isLaterDate(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    let isDate = bytes.enumerated().allSatisfy { index, byte in
      index == 4 || index == 7 ? byte == UInt8(ascii: "-") : byte >= 0x30 && byte <= 0x39
    }
    return bytes.count == 10 && isDate && ByteString(bytes) > ByteString(ProtocolRevision.latestLegacy.rawValue)
  }

  private func unsupported(_ requested: String, looksModern: Bool, id: JSONRPCID?) -> MCPMessageError {
    let eras = Set(supported.map(\.era))
    guard eras.contains(.modern), looksModern || !eras.contains(.legacy) else {
      return .invalidRequest("unsupported protocol version", id: id)
    }
    let data: JSONValue = [
      "supported": .array(supported.sorted(by: >).map { .string($0.rawValue) }),
      "requested": .string(PlainText.sanitized(requested, limit: 64)),
    ]
    return MCPMessageError(.unsupportedVersion, "Unsupported protocol version", id: id, data: data)
  }

  private func refusal(_ message: String, id: JSONRPCID?) -> MCPMessageError {
    let speaksModern = supported.contains { $0.era == .modern }
    return speaksModern ? .mismatch(message, id: id) : .invalidRequest(message, id: id)
  }
}
