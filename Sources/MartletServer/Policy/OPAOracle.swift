import Logging
import MartletDomain
import MartletPolicy
import OAuthClient
import OAuthProtocol
import StrictCoding
import Synchronization

/// Where Open Policy Agent is asked (`policy.opa`).
public struct OPASettings: Sendable, Hashable {
  /// The document that decides: `http://127.0.0.1:8181/v1/data/martlet/allow`.
  public var url: AbsoluteURL
  /// What a question may take.
  public var timeout: Duration
  /// How long an answer is remembered.
  public var cache: Duration
  /// A bearer that it wants.
  public var token: Secret?

  /// Whether they ask the same of the same.
  public static func == (left: OPASettings, right: OPASettings) -> Bool {
    left.url.string.utf8.elementsEqual(right.url.string.utf8) && left.timeout == right.timeout
      && left.cache == right.cache
  }

  /// Hashes what is compared.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(Array(url.string.utf8))
    hasher.combine(timeout)
  }
}

/// Asks Open Policy Agent by its REST API: `POST /v1/data/…` with an `input`. The result is `true`, or an object whose
/// `allow` is; everything else, undefined too, refuses. It is asked anew for each question that isn't remembered.
final class OPAOracle: PolicyOracle {
  private struct Key: Hashable {
    let settings: OPASettings
    let question: OracleQuestion
  }

  private struct Entry {
    let isAllowed: Bool
    let until: Timestamp
  }

  /// How many answers are remembered; when it is full, all are forgotten.
  static let capacity = 10_000
  /// What of an answer is read: 64 KiB.
  static let answer = 64 << 10

  private let settings: @Sendable () -> OPASettings?
  private let fetcher: any DocumentFetching
  private let clock: any WallClock
  private let logger: Logger
  private let entries = Mutex<[Key: Entry]>([:])
  private let isFailing = Mutex(false)

  /// - Parameters:
  ///   - settings: What the configuration says at this instant.
  ///   - fetcher: For the configuration's own destinations.
  ///   - logger: Hears once when it stops to answer, and once when it answers again.
  init(
    settings: @escaping @Sendable () -> OPASettings?, fetcher: any DocumentFetching, clock: any WallClock,
    logger: Logger
  ) {
    self.logger = logger
    self.settings = settings
    self.fetcher = fetcher
    self.clock = clock
  }

  func remembered(_ question: OracleQuestion) -> Bool? {
    guard let settings = settings() else { return nil }
    let now = clock.now()
    return entries.withLock { entries in
      guard let entry = entries[Key(settings: settings, question: question)], entry.until > now else { return nil }
      return entry.isAllowed
    }
  }

  func ask(_ question: OracleQuestion) async throws(OracleUnavailable) -> Bool {
    // Taken out of the configuration meanwhile: the call began under it.
    guard let settings = settings() else { throw OracleUnavailable() }
    let seconds = Double(settings.timeout.milliseconds) / 1000
    let limits = FetchLimits(maxBytes: Self.answer, totalSeconds: seconds, connectSeconds: seconds)
    var headers: [(name: String, value: String)] = []
    // A header field can't be a Secret; it goes to this engine alone.
    if let token = settings.token { headers = [("authorization", "Bearer " + ByteString(token.expose()).string)] }
    let answer: FetchedDocument
    do {
      answer = try await fetcher.post(settings.url, body: .json(question.input), headers: headers, limits: limits)
    } catch { throw failed("\(error)") }
    guard answer.status == 200, let document = try? JSONReader.parse(answer.body), document.objectValue != nil else {
      throw failed("status \(answer.status), or no JSON object")
    }
    note(failing: nil)
    let result = document["result"]
    let isAllowed = result?.boolValue ?? result?["allow"]?.boolValue ?? false
    remember(isAllowed, Key(settings: settings, question: question), for: settings.cache)
    return isAllowed
  }

  private func failed(_ reason: String) -> OracleUnavailable {
    note(failing: reason)
    return OracleUnavailable()
  }

  private func note(failing reason: String?) {
    let isNews = isFailing.withLock { isFailing in
      defer { isFailing = reason != nil }
      return isFailing != (reason != nil)
    }
    guard isNews else { return }
    guard let reason else { return logger.info("policy.opa answers again") }
    logger.error(
      "policy.opa doesn't decide: what it has a say in is refused. See that it runs, and that url, timeout and token fit",
      metadata: ["error": "\(reason)"])
  }

  private func remember(_ isAllowed: Bool, _ key: Key, for time: Duration) {
    guard time > .zero else { return }
    let until = clock.now() + time
    entries.withLock { entries in
      if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
      entries[key] = Entry(isAllowed: isAllowed, until: until)
    }
  }
}
