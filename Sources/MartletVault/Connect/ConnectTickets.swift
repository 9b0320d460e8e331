import Crypto
import MartletDomain
import StrictCoding

/// Links that lead one user to connecting one account: made without a store, good for an hour and for one click.
///
/// A ticket is `mct_` and base64url of `random(16) ‖ end(8) ‖ HMAC-SHA256`; tenant, route and owner are in the MAC alone,
/// so a link tells nobody whose it is.
public struct ConnectTickets: Sendable {
  /// How long a link is good.
  public static let lifetime: Duration = .seconds(3600)
  private static let prefix = ArtefactKind.connectTicket.rawValue + "_"

  /// What a presented ticket is.
  enum Reading: Equatable {
    /// Good for this account.
    case good(ConnectTicket)
    /// It was, and has ended.
    case ended
    /// Made for somebody else, or by nobody.
    case foreign
  }

  private let key: SymmetricKey
  private let clock: any WallClock
  private let random: any RandomSource

  /// Makes tickets under a key derived from the installation's.
  public init(sealer: Sealer, clock: any WallClock, random: any RandomSource) {
    key = sealer.derivedKey(for: "connect tickets")
    self.clock = clock
    self.random = random
  }

  /// The path, with a ticket, at which an account is connected.
  ///
  /// - Returns: `nil` for an account that no user connects.
  public func path(for account: ConnectionKey) -> String? {
    guard case .user = account.owner, let path = account.route.connectPath else { return nil }
    let end = (clock.now() + Self.lifetime).milliseconds
    let body = random.bytes(16) + (0..<8).map { UInt8(truncatingIfNeeded: end >> (56 - 8 * $0)) }
    return "\(path)?ticket=\(Self.prefix)\(Base64URL.encode(body + code(body, account)))"
  }

  func read(_ ticket: String, for account: ConnectionKey) -> Reading {
    guard ticket.utf8.starts(with: Self.prefix.utf8), let digest = ArtefactKind.connectTicket.digest(ticket.utf8),
      let bytes = Base64URL.decode(ticket.dropFirst(Self.prefix.count)), bytes.count == 56
    else { return .foreign }
    let body = Array(bytes.prefix(24))
    guard HMAC<SHA256>.isValidAuthenticationCode(bytes.suffix(32), authenticating: message(body, account), using: key)
    else { return .foreign }
    let end = Timestamp(milliseconds: body.suffix(8).reduce(0) { ($0 << 8) | Int64($1) })
    return end > clock.now() ? .good(ConnectTicket(digest: digest, expiresAt: end)) : .ended
  }

  private func code(_ body: [UInt8], _ account: ConnectionKey) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: message(body, account), using: key))
  }

  private func message(_ body: [UInt8], _ account: ConnectionKey) -> [UInt8] {
    var message = body
    for part in [account.tenant.value.bytes, Array(account.route.path.utf8), account.owner.stored.bytes] {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: part.count).bigEndian) { message.append(contentsOf: $0) }
      message += part
    }
    return message
  }
}

extension RouteID {
  /// Where users connect their accounts: `/connect/{server}`; a server of one tenant has no such page so far.
  var connectPath: String? { space == nil && loginProvider == nil ? "/connect/\(server)" : nil }
}
