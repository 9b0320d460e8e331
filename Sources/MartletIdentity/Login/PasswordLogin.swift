import MartletDomain
import OAuthClient
import StrictCoding

/// Checks a login name and password, at the same cost whoever is named (V-068, N-16).
public struct PasswordLogin: Sendable {
  enum Outcome: Sendable {
    case right(User, LoginThrottle.Admitted)
    /// The reason is for the trail; a page shows the same for all.
    case wrong(reason: String, user: User?)
    case wait(seconds: Int64)
    case busy
  }

  private let users: any UserStore
  private let hasher: PasswordHasher
  private let throttle: LoginThrottle

  /// Checks against a store.
  public init(users: any UserStore, hasher: PasswordHasher, throttle: LoginThrottle) {
    self.users = users
    self.hasher = hasher
    self.throttle = throttle
  }

  func check(
    name: String, password: Secret, address: String, browser: ArtefactDigest?
  ) async throws(StoreError) -> Outcome {
    let account = LoginName(name)
    let guess = LoginGuess(account: account, network: SourceNetwork(address: address), browser: browser)
    let admitted: LoginThrottle.Admitted
    switch throttle.admit(guess) {
    case .wait(let seconds): return .wait(seconds: seconds)
    case .admitted(let ticket): admitted = ticket
    }
    do {
      var known: (user: User, passwordHash: String)?
      if let account { known = try await users.localUser(loginName: account.string) }
      let isRight = try await hasher.verify(password, against: known?.passwordHash)
      if let user = known?.user, isRight, user.disabledAt == nil { return .right(user, admitted) }
      throttle.failed(admitted)
      guard let user = known?.user else { return .wrong(reason: "unknown_user", user: nil) }
      return .wrong(reason: isRight ? "user_disabled" : "wrong_password", user: user)
    } catch {
      throttle.withdrawn(admitted)
      if let error = error as? StoreError { throw error }
      return .busy
    }
  }

  /// The user of an admitted guess is logged in.
  func succeeded(_ admitted: LoginThrottle.Admitted, in browser: ArtefactDigest) {
    throttle.succeeded(admitted, in: browser)
  }

  /// The user of an admitted guess could not be logged in although the password was right.
  func withdrawn(_ admitted: LoginThrottle.Admitted) { throttle.withdrawn(admitted) }
}
