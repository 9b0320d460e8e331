import MartletDomain
import OAuthProtocol
import StrictCoding

/// Why an account has to be connected, or connected again, before a call can be made with it.
public struct ConnectionNeed: Sendable, Hashable {
  /// What became of it; `nil` where there never was one.
  public var reason: ConnectionReason?
  /// What the server wants beyond what was granted.
  public var missing: ScopeSet

  /// Describes it.
  public init(reason: ConnectionReason?, missing: ScopeSet = ScopeSet()) {
    self.reason = reason
    self.missing = missing
  }

  /// A scope's name is the server's own word: no more of it than this is shown.
  private static let longestList = 200

  /// What its owner is told, with the server's name in it.
  func words(_ name: String) -> String {
    switch reason {
    case nil: "Your account at \(name) isn't connected yet."
    case .refused?, .interrupted?: "Your account at \(name) was connected, and its authorization server ended that."
    case .notRefreshable?: "The connection of your account at \(name) has expired."
    case .scopeMissing? where missing.isEmpty: "\(name) wants more than your account there was connected for."
    case .scopeMissing?:
      "\(name) wants more than your account there was connected for: "
        + PlainText.sanitized(missing.string, limit: Self.longestList) + "."
    case .rejected?: "\(name) refuses what your account there was connected with."
    case .clientRefused?:
      "The authorization server of \(name) has forgotten the registration that your account was connected by."
    case .disconnected?: "Your account at \(name) was disconnected."
    case .withdrawn?: "An administrator took your account at \(name) away."
    case .issuerUnavailable?, .issuerAnswer?, .unreadable?: "Your account at \(name) can't be used as it is."
    }
  }
}
