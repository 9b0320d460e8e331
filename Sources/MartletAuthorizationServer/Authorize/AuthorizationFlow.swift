import MartletDomain
import StrictCoding

/// Picks the next step of an authorization from its persisted state. Steps never route to one another.
///
/// There is no way from here to a code: the consent page always stands in between (V-008).
public enum AuthorizationFlow {
  /// The next step.
  ///
  /// - Parameters:
  ///   - transaction: The pending authorization.
  ///   - user: Who is logged in, nil for nobody.
  /// - Returns: A path with query, on our own origin.
  public static func nextStep(of transaction: TransactionID, user: User?) -> String {
    user == nil ? login(for: transaction) : resume(transaction: transaction)
  }

  /// Where a browser goes on after login.
  public static func resume(transaction: TransactionID) -> String {
    "/consent?transaction=\(PercentCoding.encodeComponent(bytes: transaction.value.bytes))"
  }

  /// Where a browser logs in.
  public static func login(for transaction: TransactionID) -> String {
    "/login?transaction=\(PercentCoding.encodeComponent(bytes: transaction.value.bytes))"
  }
}
