import NIOCore
import OAuthProtocol

@testable import OAuthClient

// Limits are for tests of limits. Every other fetch gets more time than a starved machine needs.

extension FetchLimits {
  static let patient = FetchLimits(
    maxBytes: FetchLimits.clientMetadata.maxBytes, totalSeconds: 300, connectSeconds: 300)
}

extension NIODeadline {
  static var patient: NIODeadline { .now() + .minutes(5) }
}

extension SafeFetcher {
  func get(_ url: AbsoluteURL, limits: FetchLimits) async throws(FetchError) -> FetchedDocument {
    try await get(url, accept: "application/json", limits: limits)
  }
}
