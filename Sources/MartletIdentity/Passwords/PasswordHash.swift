import StrictCoding

/// A password's hash as it is stored: `scrypt$ln=15,r=8,p=1$salt$hash`, salt and hash in unpadded base64url.
struct PasswordHash: Sendable {
  static let saltBytes = 16
  static let hashBytes = 32

  let parameters: ScryptParameters
  let salt: [UInt8]
  let hash: [UInt8]

  init(parameters: ScryptParameters, salt: [UInt8], hash: [UInt8]) {
    self.parameters = parameters
    self.salt = salt
    self.hash = hash
  }

  /// - Returns: Nil unless this is exactly what `encoded` gives for parameters in range.
  init?(encoded: String) {
    guard encoded.utf8.count <= 256 else { return nil }
    let parts = encoded.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).map { Array($0) }
    guard parts.count == 4, parts[0] == Array("scrypt".utf8) else { return nil }
    guard let parameters = Self.parameters(parts[1]) else { return nil }
    guard let salt = Base64URL.decode(parts[2]), salt.count == Self.saltBytes else { return nil }
    guard let hash = Base64URL.decode(parts[3]), hash.count == Self.hashBytes else { return nil }
    self.init(parameters: parameters, salt: salt, hash: hash)
    guard self.encoded.utf8.elementsEqual(encoded.utf8) else { return nil }
  }

  var encoded: String {
    let costs = "ln=\(parameters.logCost),r=\(parameters.blockSize),p=\(parameters.parallelism)"
    return "scrypt$\(costs)$\(Base64URL.encode(salt))$\(Base64URL.encode(hash))"
  }

  /// Compares in time that doesn't depend on where the bytes differ.
  func matches(_ derived: [UInt8]) -> Bool {
    derived.count == hash.count && zip(derived, hash).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func parameters(_ bytes: [UInt8]) -> ScryptParameters? {
    let fields = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard fields.count == 3 else { return nil }
    var values: [Int] = []
    for (field, name) in zip(fields, ["ln=", "r=", "p="]) {
      guard field.starts(with: name.utf8), field.count <= name.utf8.count + 3 else { return nil }
      guard let value = Int(String(decoding: field.dropFirst(name.utf8.count), as: UTF8.self)) else { return nil }
      values.append(value)
    }
    return ScryptParameters(logCost: values[0], blockSize: values[1], parallelism: values[2])
  }
}
