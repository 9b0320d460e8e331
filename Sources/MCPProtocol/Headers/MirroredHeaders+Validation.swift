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
    try checkSizes(id: message.id)
    try checkVersion(message, classification)
    try checkMethod(message)
    try checkName(message)
    try checkParameters(message)
  }

  private func checkSizes(id: JSONRPCID?) throws(MCPMessageError) {
    let isTooLong: (String) -> Bool = { $0.utf8.count > Self.maximumValueBytes }
    if parameters.count > Self.maximumParameters || version.value.map(isTooLong) ?? false
      || method.value.map(isTooLong) ?? false || name.value.map(isTooLong) ?? false
      || parameters.contains(where: { isTooLong($0.value) })
    {
      throw .mismatch("too many mirrored headers, or a value is too long", id: id)
    }
  }

  private func checkVersion(_ message: MCPMessage, _ classification: EraClassification) throws(MCPMessageError) {
    let id = message.id
    guard let header = version.only else {
      throw .mismatch("MCP-Protocol-Version must be sent once", id: id)
    }
    let metadata = message.metadata
    guard let body = metadata.protocolVersion else {
      // What headers a notification needs is left open by the revision; so is its _meta.
      if case .notification = message { return }
      throw .invalidParams("params._meta needs \(MetadataKey.protocolVersion)", id: id)
    }
    let agrees = classification.toleratesHeader ? classification.revision != nil : header.equalsBytewise(body)
    if !agrees { throw .mismatch("MCP-Protocol-Version and params._meta name different versions", id: id) }
    if case .request = message, !metadata.hasClientCapabilities {
      throw .invalidParams("params._meta needs \(MetadataKey.clientCapabilities), an object", id: id)
    }
  }

  private func checkMethod(_ message: MCPMessage) throws(MCPMessageError) {
    if method.count == 0, case .notification = message { return }
    guard let header = method.only else {
      throw .mismatch("Mcp-Method must be sent once", id: message.id)
    }
    guard let method = message.method, header.equalsBytewise(method.name) else {
      throw .mismatch("Mcp-Method and the body's method differ", id: message.id)
    }
  }

  private func checkName(_ message: MCPMessage) throws(MCPMessageError) {
    let id = message.id
    guard case .request(let request) = message, let mirrored = request.method.mirroredName else {
      if name.count == 0 { return }
      throw .mismatch("Mcp-Name doesn't belong to this method", id: id)
    }
    if name.count == 0 && !mirrored.isRequired { return }
    guard let header = name.only else { throw .mismatch("Mcp-Name must be sent once", id: id) }
    guard let name = HeaderSentinel.decode(header) else { throw .mismatch("Mcp-Name is malformed", id: id) }
    guard let body = request.mirroredName, name.equalsBytewise(body) else {
      throw .mismatch("Mcp-Name and params.\(mirrored.rawValue) differ", id: id)
    }
  }

  private func checkParameters(_ message: MCPMessage) throws(MCPMessageError) {
    if parameters.isEmpty { return }
    guard message.method == .toolsCall else {
      throw .mismatch("Mcp-Param headers belong to tools/call only", id: message.id)
    }
    var seen: Set<ByteString> = []
    for parameter in parameters {
      if !seen.insert(ByteString(ASCIICase.lowercased(parameter.name))).inserted {
        throw .mismatch("a Mcp-Param header is repeated", id: message.id)
      }
      if HeaderSentinel.decode(parameter.value) == nil {
        throw .mismatch("a Mcp-Param header is malformed", id: message.id)
      }
    }
  }
}

extension MCPMessageError {
  static func mismatch(_ message: String, id: JSONRPCID?) -> MCPMessageError {
    MCPMessageError(.headerMismatch, "Header mismatch: \(message)", id: id)
  }
}
