import MartletDomain
import StrictCoding

/// Where a login leads.
enum LoginDestination: Sendable {
  case account
  case transaction(TransactionID, AwaitedLogin)
  case connecting(ConnectReturn)
  case device(DeviceReturn)
  case approving(ApprovalReturn)

  static let formPurpose = ConnectReturn.formPurpose

  var transaction: TransactionID? {
    switch self {
    case .account: nil
    case .transaction(let id, _): id
    case .connecting(let page): page.transaction
    case .device(let page): page.transaction
    case .approving(let page): page.transaction
    }
  }

  var awaited: AwaitedLogin? {
    if case .transaction(_, let awaited) = self { awaited } else { nil }
  }

  /// A path of ours, whatever the id holds.
  var path: String {
    if case .connecting(let page) = self { return page.path }
    if case .device(let page) = self { return page.path }
    if case .approving(let page) = self { return page.path }
    guard let transaction else { return "/account" }
    return "/consent?transaction=" + PercentCoding.encodeComponent(bytes: transaction.value.bytes)
  }
}
