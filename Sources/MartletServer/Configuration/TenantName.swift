/// Names of tenants.
public enum TenantName {
  /// What a name must look like, in words.
  public static let rule = "1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.'"

  /// Whether a name can be a tenant's.
  public static func isValid(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
          || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
      }
  }
}
