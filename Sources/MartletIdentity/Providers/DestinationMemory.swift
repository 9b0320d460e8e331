import MartletDomain
import OAuthProtocol
import StrictCoding
import Synchronization

/// The origins that providers' buttons lead to, so that a login page doesn't wait for a provider that hangs: after a
/// failure nobody asks for a minute.
final class DestinationMemory: Sendable {
  private static let pause: Duration = .seconds(60)

  private enum Entry {
    case known(HTTPOrigin)
    case failed(retryAt: Timestamp)
  }

  /// What is known without asking.
  enum Answer: Sendable {
    case known(HTTPOrigin)
    case askNow
    case askLater
  }

  private let clock: any WallClock
  private let entries = Mutex<[ByteString: Entry]>([:])

  init(clock: any WallClock) { self.clock = clock }

  func answer(for issuer: ByteString) -> Answer {
    let now = clock.now()
    return entries.withLock { entries in
      switch entries[issuer] {
      case .known(let origin)?: .known(origin)
      case .failed(let retryAt)? where now < retryAt: .askLater
      default: .askNow
      }
    }
  }

  func note(_ origin: HTTPOrigin?, for issuer: ByteString) {
    let now = clock.now()
    entries.withLock { entries in
      if let origin {
        entries[issuer] = .known(origin)
      } else if case .known? = entries[issuer] {
        // An outage changes nothing about where the provider is.
      } else {
        entries[issuer] = .failed(retryAt: now + Self.pause)
      }
    }
  }
}
