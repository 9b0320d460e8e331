import MartletDomain
import OAuthClient

/// One attempt to log in with a password, as the throttle sees it.
public struct LoginGuess: Hashable, Sendable {
  /// The canonical account, existing or not; `nil` for a text that no account can have.
  public let account: LoginName?
  /// Where it comes from.
  public let network: SourceNetwork
  /// The browser by the cookie that it sent; `nil` if it sent none.
  public let browser: ArtefactDigest?

  /// Describes an attempt.
  public init(account: LoginName?, network: SourceNetwork, browser: ArtefactDigest?) {
    self.account = account
    self.network = network
    self.browser = browser
  }
}
