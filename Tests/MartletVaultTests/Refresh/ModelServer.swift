/// An authorization server as the search sees it: what it does with a refresh token, and nothing else.
struct ModelServer: Hashable {
  /// What a second use of a refresh token leads to.
  enum Temper: Hashable, CaseIterable {
    /// The family is revoked.
    case strict
    /// The second use is refused, the successor lives on.
    case gentle
    /// The direct predecessor brings the same successor again.
    case forgiving
    /// The direct predecessor brings another successor, which puts an end to the one before.
    case overtaking
    /// Nothing is rotated.
    case constant
  }

  enum Answer: Hashable {
    case issued(Int)
    case refused
  }

  let temper: Temper
  private(set) var live = 0
  private(set) var isRevoked = false
  /// What each token was issued for.
  private(set) var parents: [Int] = [-1]

  init(_ temper: Temper) { self.temper = temper }

  mutating func revoke() { isRevoked = true }

  mutating func redeem(_ token: Int) -> Answer {
    if isRevoked { return .refused }
    if temper == .constant { return .issued(token) }
    if token == live { return rotate(token) }
    let isPredecessor = parents[live] == token
    switch temper {
    case .forgiving where isPredecessor: return .issued(live)
    case .overtaking where isPredecessor: return rotate(token)
    case .gentle: return .refused
    default:
      isRevoked = true
      return .refused
    }
  }

  private mutating func rotate(_ token: Int) -> Answer {
    parents.append(token)
    live = parents.count - 1
    return .issued(live)
  }
}
