import MartletPolicy
import OAuthClient
import OAuthProtocol

/// What a rule can demand of an argument that is a URL.
enum DestinationTests {
  /// It leads to an address or a name that isn't public, or doesn't.
  static func isInternal(_ expected: Bool) -> ArgumentCondition.Test {
    .text { text in url(text).map { $0.host.isInternal == expected } }
  }

  /// Its host is one of these.
  static func isAt(_ hosts: HostList) -> ArgumentCondition.Test {
    .text { text in url(text).map { hosts.contains($0.host) } }
  }

  /// What isn't a plain http or https URL is in doubt: nobody knows how a server reads it.
  private static func url(_ text: String) -> AbsoluteURL? { try? AbsoluteURL(parsing: text) }
}
