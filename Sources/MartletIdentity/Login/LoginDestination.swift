import MartletDomain
import StrictCoding

/// Where a login leads.
enum LoginDestination: Sendable {
  case account
  case transaction(TransactionID, AwaitedLogin)

  static let formPurpose = "login"

  var transaction: TransactionID? {
    if case .transaction(let id, _) = self { id } else { nil }
  }

  var awaited: AwaitedLogin? {
    if case .transaction(_, let awaited) = self { awaited } else { nil }
  }

  /// A path of ours, whatever the id holds.
  var path: String {
    guard let transaction else { return "/account" }
    return "/consent?transaction=" + PercentCoding.encodeComponent(bytes: transaction.value.bytes)
  }
}
