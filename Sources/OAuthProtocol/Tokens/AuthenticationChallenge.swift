/// One challenge of a `WWW-Authenticate` field.
///
/// Conforms to: RFC 9110 §11.3, §11.6.1; read tolerantly, since many servers write it loosely.
public struct AuthenticationChallenge: Sendable, Equatable {
  /// The scheme in lower case.
  public let scheme: String
  /// The token68 form, if that was used.
  public let token68: String?
  /// The parameters in order; names in lower case, values unquoted.
  public let parameters: [Parameter]

  /// A name and its value.
  public struct Parameter: Sendable, Equatable {
    /// The name in lower case.
    public let name: String
    /// The value, unquoted.
    public let value: String
  }

  /// The first value under a name.
  public subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

  /// Reads every challenge of a response.
  ///
  /// Bounded: 16 KiB of field text, 32 challenges, 64 parameters each. What cannot be read is skipped.
  ///
  /// - Parameter fields: The values of all `WWW-Authenticate` fields in order.
  public static func parse(_ fields: [String]) -> [AuthenticationChallenge] {
    var budget = 16_384
    var challenges: [AuthenticationChallenge] = []
    for field in fields.prefix(32) where budget > 0 {
      let bytes = Array(field.utf8.prefix(budget))
      budget -= bytes.count
      var parser = AuthenticationChallengeParser(bytes: bytes)
      challenges += parser.challenges()
    }
    return Array(challenges.prefix(32))
  }
}
