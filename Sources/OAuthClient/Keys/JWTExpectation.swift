import OAuthProtocol

/// What a token must say to be believed.
public struct JWTExpectation: Sendable {
  /// The algorithms that are believed where nothing narrower is configured; never `none`, never a shared secret.
  public static let defaultAlgorithms: Set<JWSAlgorithm> = [.rs256, .rs384, .rs512, .ps256, .es256, .edDSA]

  /// The issuer, compared byte by byte.
  public var issuer: String
  /// What must be among the audiences.
  public var audience: String
  /// Which algorithms are believed.
  public var algorithms: Set<JWSAlgorithm>
  /// Which `typ` values are accepted; nil for any, absent too.
  public var types: [String]?
  /// Seconds by which clocks may differ.
  public var leewaySeconds: Int64 = 60

  /// - Parameters:
  ///   - issuer: The issuer.
  ///   - audience: What must be among the audiences.
  ///   - algorithms: Which algorithms are believed.
  ///   - types: Which `typ` values are accepted; nil for any.
  public init(
    issuer: String, audience: String, algorithms: Set<JWSAlgorithm> = JWTExpectation.defaultAlgorithms,
    types: [String]? = nil
  ) {
    self.issuer = issuer
    self.audience = audience
    self.algorithms = algorithms
    self.types = types
  }

  /// What a provider's ID tokens may be signed with: its own list cut down to the allow-list.
  ///
  /// - Returns: An empty set when there is nothing in common; RS256 where the provider says nothing (OpenID Connect
  ///   Core §2).
  public static func algorithms(
    of metadata: AuthorizationServerMetadata, allowing allowed: Set<JWSAlgorithm> = defaultAlgorithms
  ) -> Set<JWSAlgorithm> {
    guard let names = metadata.idTokenSigningAlgValuesSupported else { return allowed.intersection([.rs256]) }
    return allowed.intersection(names.compactMap { JWSAlgorithm(rawValue: $0) })
  }
}
