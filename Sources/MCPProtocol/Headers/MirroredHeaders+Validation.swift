import StrictCoding

extension MirroredHeaders {
  /// Checks that the headers of a modern request say what its body says; legacy requests are decided by the body alone.
  ///
  /// `Mcp-Name` and `Mcp-Param-…` where they don't belong are refused too: somebody on the way might act on them.
  /// Values of `Mcp-Param-…` are compared by ``ParameterMirrors``, once the tool's definition is known.
  ///
  /// Conforms to: MCP 2026-07-28, Streamable HTTP, Request Metadata; Basic, Per-request protocol fields.
  ///
  /// - Parameters:
  ///   - message: The parsed body.
  ///   - classification: What ``EraDetection`` found.
  /// - Throws: `-32020` for a header that is missing, repeated, malformed or different; `-32602` for required `_meta`
  ///   that is missing; `-32600` for a response, which a modern client never sends.
  public func validate(_ message: MCPMessage, as classification: EraClassification) throws(MCPMessageError) {
    guard classification.era == .modern else { return }
    if case .response = message { throw .invalidRequest("a client sends no responses in this revision") }
    do throws(MCPMessageError) {
      try checkSizes()
      switch message {
      case .request(let request): try check(request, classification)
      case .notification(let notification): try check(notification, classification)
      case .response: return
      }
    } catch {
      throw error.answering(message.id)
    }
  }

  private func check(_ request: MCPRequest, _ classification: EraClassification) throws(MCPMessageError) {
    try checkVersion(request.metadata, classification, isRequest: true)
    try checkMethod(request.method)
    try checkName(of: request)
    try checkParameters(with: request.method)
  }

  /// What headers a notification needs is left open by the revision; so is its `_meta`.
  private func check(_ notification: MCPNotification, _ classification: EraClassification) throws(MCPMessageError) {
    try checkVersion(notification.metadata, classification, isRequest: false)
    if method.count > 0 { try checkMethod(notification.method) }
    try checkNameIsAbsent()
    try checkParameters(with: notification.method)
  }

  private func checkSizes() throws(MCPMessageError) {
    let isTooLong: (String) -> Bool = { $0.utf8.count > Self.maximumValueBytes }
    if parameters.count > Self.maximumParameters || version.value.map(isTooLong) ?? false
      || method.value.map(isTooLong) ?? false || name.value.map(isTooLong) ?? false
      || parameters.contains(where: { isTooLong($0.value) })
    {
      throw .mismatch("too many mirrored headers, or a value is too long")
    }
  }

  private func checkVersion(
    _ metadata: RequestMetadata, _ classification: EraClassification, isRequest: Bool
  ) throws(MCPMessageError) {
    guard let header = version.only else { throw .mismatch("MCP-Protocol-Version must be sent once") }
    guard metadata.hasProtocolVersion else {
      if !isRequest { return }
      throw .invalidParams("params._meta needs \(MetadataKey.protocolVersion)")
    }
    let agrees = classification.toleratesHeader ? classification.revision != nil : metadata.isVersion(header)
    if !agrees { throw .mismatch("MCP-Protocol-Version and params._meta name different versions") }
    if isRequest, !metadata.hasClientCapabilities {
      throw .invalidParams("params._meta needs \(MetadataKey.clientCapabilities), an object")
    }
  }

  private func checkMethod(_ body: MCPMethod) throws(MCPMessageError) {
    guard let header = method.only else { throw .mismatch("Mcp-Method must be sent once") }
    guard header.equalsBytewise(body.name) else { throw .mismatch("Mcp-Method and the body's method differ") }
  }

  private func checkName(of request: MCPRequest) throws(MCPMessageError) {
    guard let mirrored = request.method.mirroredName else { return try checkNameIsAbsent() }
    if name.count == 0 && !mirrored.isRequired { return }
    guard let header = name.only else { throw .mismatch("Mcp-Name must be sent once") }
    guard let name = HeaderSentinel.decode(header) else { throw .mismatch("Mcp-Name is malformed") }
    guard let body = request.mirroredName, name.equalsBytewise(body) else {
      throw .mismatch("Mcp-Name and params.\(mirrored.rawValue) differ")
    }
  }

  private func checkNameIsAbsent() throws(MCPMessageError) {
    if name.count > 0 { throw .mismatch("Mcp-Name doesn't belong to this method") }
  }

  private func checkParameters(with body: MCPMethod) throws(MCPMessageError) {
    if parameters.isEmpty { return }
    guard body == .toolsCall else {
      throw .mismatch("Mcp-Param headers belong to tools/call only")
    }
    var seen: Set<ByteString> = []
    for parameter in parameters {
      if !seen.insert(ByteString(ASCIICase.lowercased(parameter.name))).inserted {
        throw .mismatch("a Mcp-Param header is repeated")
      }
      if HeaderSentinel.decode(parameter.value) == nil {
        throw .mismatch("a Mcp-Param header is malformed")
      }
    }
  }
}

extension MCPMessageError {
  static func mismatch(_ message: String, id: JSONRPCID? = nil) -> MCPMessageError {
    MCPMessageError(.headerMismatch, "Header mismatch: \(message)", id: id)
  }
}
