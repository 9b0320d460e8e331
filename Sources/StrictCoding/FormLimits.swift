/// Bounds on a form body or query, checked while decoding.
public struct FormLimits: Sendable, Equatable {
  /// How many parameters may stand in one form.
  public var parameters: Int
  /// How many bytes a decoded name may have.
  public var nameBytes: Int
  /// How many bytes a decoded value may have.
  public var valueBytes: Int
  /// How many bytes the encoded input may have.
  public var totalBytes: Int

  /// 64 parameters, names of 256 bytes, values of 16 KiB, 256 KiB in all.
  public static let `default` = FormLimits()

  /// Makes limits; whatever is left out has its default.
  public init(
    parameters: Int = 64, nameBytes: Int = 256, valueBytes: Int = 16 * 1024, totalBytes: Int = 256 * 1024
  ) {
    self.parameters = parameters
    self.nameBytes = nameBytes
    self.valueBytes = valueBytes
    self.totalBytes = totalBytes
  }
}
