/// Names of header fields that say one thing only.
public enum FieldName {
  private static let parameter = Array("mcp-param-".utf8)

  /// Whether a field of this name counts as sent. Programs that hear of fields by variables can't tell `_` from `-`, so a
  /// name with `_` isn't there (V-064). What follows `Mcp-Param-` is of a tool's making, and mirrors the body.
  ///
  /// Conforms to: MCP 2026-07-28, Streamable HTTP, Custom Headers from Tool Parameters: intermediaries forward these.
  ///
  /// - Parameter name: In any case.
  public static func counts(_ name: some Collection<UInt8>) -> Bool {
    if !name.contains(Byte.underscore) { return true }
    let (head, rest) = (name.prefix(parameter.count), name.dropFirst(parameter.count))
    return !rest.isEmpty && head.elementsEqual(parameter) { ByteClass.lower($0) == $1 }
  }
}
