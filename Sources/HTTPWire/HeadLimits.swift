/// How large a head may be.
public struct HeadLimits: Sendable, Hashable {
  /// All field lines together, in bytes.
  public var totalBytes: Int
  /// One field line without its end, in bytes.
  public var fieldBytes: Int
  /// How many fields.
  public var fields: Int
  /// The request target or the reason phrase, in bytes.
  public var targetBytes: Int

  /// Describes limits.
  public init(totalBytes: Int, fieldBytes: Int, fields: Int, targetBytes: Int) {
    self.totalBytes = totalBytes
    self.fieldBytes = fieldBytes
    self.fields = fields
    self.targetBytes = targetBytes
  }
}
