import Crypto
import CryptoExtras
import MartletDomain
import StrictCoding

/// Hashes passwords with scrypt, at most two at once.
///
/// Conforms to: RFC 7914. A check against no user takes one derivation like any other (V-068).
public final class PasswordHasher: Sendable {
  typealias Derivation = @Sendable (_ password: [UInt8], _ salt: [UInt8], _ parameters: ScryptParameters) -> [UInt8]?

  /// Lengths of a password in bytes. The upper bound keeps hashing cheap to refuse.
  public static let acceptedLengths = 8...1024

  private let parameters: ScryptParameters
  private let random: any RandomSource
  private let lanes: HashingLanes
  private let derive: Derivation
  private let dummy: PasswordHash

  /// Makes a hasher.
  ///
  /// - Parameters:
  ///   - parameters: What new hashes cost; stored ones keep what they were made with.
  ///   - concurrency: How many derivations run at once; each takes 32 MiB by default.
  ///   - capacity: How many derivations may run and wait together before callers are sent away.
  ///   - random: Where salts come from.
  public convenience init(
    parameters: ScryptParameters = .default, concurrency: Int = 2, capacity: Int = 64,
    random: some RandomSource = SystemRandom()
  ) {
    self.init(
      parameters: parameters, lanes: HashingLanes(width: concurrency, capacity: capacity), random: random,
      derive: Self.scrypt)
  }

  init(parameters: ScryptParameters, lanes: HashingLanes, random: any RandomSource, derive: @escaping Derivation) {
    self.parameters = parameters
    self.random = random
    self.lanes = lanes
    self.derive = derive
    dummy = PasswordHash(
      parameters: parameters, salt: random.bytes(PasswordHash.saltBytes), hash: random.bytes(PasswordHash.hashBytes))
  }

  /// Hashes a password for storing.
  ///
  /// - Returns: The encoded hash, `scrypt$ln=15,r=8,p=1$salt$hash`.
  /// - Throws: `PasswordHashingError`.
  public func hash(_ password: Secret) async throws(PasswordHashingError) -> String {
    let salt = random.bytes(PasswordHash.saltBytes)
    let hash = try await derived(password.expose(), salt, parameters)
    return PasswordHash(parameters: parameters, salt: salt, hash: hash).encoded
  }

  /// Checks a password.
  ///
  /// - Parameters:
  ///   - password: As presented.
  ///   - encoded: The stored hash; `nil` where there is no such user, which costs the same and is never right.
  /// - Returns: Whether the password is the one that was hashed.
  /// - Throws: `PasswordHashingError`; nothing may be concluded about the password then.
  public func verify(_ password: Secret, against encoded: String?) async throws(PasswordHashingError) -> Bool {
    let presented = password.expose()
    let stored = encoded.flatMap { PasswordHash(encoded: $0) }
    let compared = stored ?? dummy
    // A length that no password can have tells nothing about the user, so it needs no derivation.
    guard presented.count >= 1, presented.count <= Self.acceptedLengths.upperBound else { return false }
    let isSame = compared.matches(try await derived(presented, compared.salt, compared.parameters))
    return isSame && stored != nil
  }

  private func derived(
    _ password: [UInt8], _ salt: [UInt8], _ parameters: ScryptParameters
  ) async throws(PasswordHashingError) -> [UInt8] {
    let derive = derive
    guard let hash = try await lanes.run({ derive(password, salt, parameters) }) else { throw .failed }
    return hash
  }

  private static let scrypt: Derivation = { password, salt, parameters in
    let key = try? KDF.Scrypt.deriveKey(
      from: password, salt: salt, outputByteCount: PasswordHash.hashBytes, rounds: parameters.cost,
      blockSize: parameters.blockSize, parallelism: parameters.parallelism)
    return key?.withUnsafeBytes { Array($0) }
  }
}
