import MartletDomain
import StrictCoding

/// How long a span is.
public enum CallSumStep: String, Sendable, CaseIterable {
  /// A minute; for two days.
  case minute
  /// An hour.
  case hour
  /// All of the time.
  case whole

  fileprivate var duration: Duration? {
    switch self {
    case .minute: .seconds(60)
    case .hour: .seconds(3600)
    case .whole: nil
    }
  }
}

/// Why nobody can know which sums are meant.
public struct CallSumOrderError: Error, Sendable, CustomStringConvertible {
  /// In words.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Which sums somebody asks for, in words.
public struct CallSumOrder: Sendable {
  private static let most = Duration.seconds(400 * 86_400)

  private let since: Duration
  private let step: CallSumStep
  private let dimensions: Set<CallSumQuery.Dimension>
  private let limit: Int

  /// Reads an order.
  ///
  /// - Throws: `CallSumOrderError`.
  public init(since: Duration?, step: String?, by: String?, limit: Int?) throws(CallSumOrderError) {
    self.since = since ?? .seconds(86_400)
    guard self.since >= .seconds(60), self.since <= Self.most else {
      throw CallSumOrderError("since must be from 1m to 400d.")
    }
    guard let step = CallSumStep(rawValue: step ?? CallSumStep.whole.rawValue) else {
      throw CallSumOrderError("step must be minute, hour or whole.")
    }
    self.step = step
    self.limit = limit ?? 1_000
    var dimensions: Set<CallSumQuery.Dimension> = []
    for word in (by ?? "server").utf8.split(separator: UInt8(ascii: ",")) {
      let known = CallSumQuery.Dimension.allCases
      guard let dimension = known.first(where: { $0.rawValue.utf8.elementsEqual(word) }) else {
        throw CallSumOrderError("by takes tenant, server, tool and client, with commas between them.")
      }
      dimensions.insert(dimension)
    }
    self.dimensions = dimensions
  }

  /// The question to the store.
  public func query(at now: Timestamp) -> CallSumQuery {
    let from = now - since
    let edge = (step.duration ?? .seconds(60)).milliseconds
    return CallSumQuery(
      tenant: nil, since: Timestamp(milliseconds: from.milliseconds - from.milliseconds % edge),
      until: now + .seconds(60), step: step.duration, by: dimensions, limit: limit)
  }
}

extension CallSum {
  /// The sum as it is answered.
  ///
  /// - Parameter dimensions: What was told apart; other names are left out.
  public func json(by dimensions: Set<CallSumQuery.Dimension>) -> JSONObject {
    var members: JSONObject = ["start": .string(start.text)]
    if dimensions.contains(.tenant) { members["tenant"] = .string(key.tenant.string) }
    if dimensions.contains(.server) { members["server"] = .string(server) }
    if dimensions.contains(.tool) { members["tool"] = .string(key.tool.string) }
    if dimensions.contains(.client) { members["client_id"] = .string(key.client.string) }
    members["calls"] = .integer(Int64(calls))
    members["refused"] = .integer(Int64(refused))
    members["failed"] = .integer(Int64(failed))
    guard durations.count > 0 else { return members }
    members["mean_ms"] = .integer((durations.sum / durations.count).milliseconds)
    for (name, part) in [("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)] {
      members[name] = .integer(durations.quantile(part)?.milliseconds ?? 0)
    }
    return members
  }

  /// The route without what all routes have: `/github/mcp` is `github`.
  public var server: String {
    let path = key.route.string
    guard path.utf8.starts(with: "/".utf8), path.utf8.reversed().starts(with: "pcm/".utf8) else { return path }
    return String(path.utf8.dropFirst().dropLast(4)) ?? path
  }
}
