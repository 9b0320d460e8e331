import MartletAudit
import OAuthClient
import OAuthProtocol

/// Posts JSON to a place that the operator named, and says what to do where that fails.
struct HTTPDelivery: Sendable {
  private static let limits = FetchLimits(maxBytes: 64 * 1024, totalSeconds: 10)

  let url: AbsoluteURL
  let fetcher: any DocumentFetching

  /// - Returns: The answer's body.
  func post(_ body: [UInt8], headers: [(name: String, value: String)]) async throws(TrailSinkFailure) -> [UInt8] {
    let answer: FetchedDocument
    do throws(FetchError) {
      answer = try await fetcher.post(url, body: .json(body), headers: headers, limits: Self.limits)
    } catch {
      throw TrailSinkFailure(
        "\(place) can't be reached: \(error)", advice: "Check the url, that the receiver runs, and egress.ca_file.")
    }
    guard (200..<300).contains(answer.status) else {
      throw TrailSinkFailure("\(place) answered \(answer.status)", advice: Self.advice(answer.status))
    }
    return answer.body
  }

  /// Without path and query, which may hold what is nobody's business.
  private var place: String { "\(url.host.string):\(url.effectivePort)" }

  private static func advice(_ status: Int) -> String {
    switch status {
    case 401, 403: "Check the secret or the headers that are configured for it."
    case 404, 405: "Check the path of its url."
    case 413: "Let the receiver take bodies of 4 MiB."
    case 300..<400: "Redirects are not followed: write the url that it leads to."
    default: "Look at the receiver's own log; records wait in the trail meanwhile."
    }
  }
}
