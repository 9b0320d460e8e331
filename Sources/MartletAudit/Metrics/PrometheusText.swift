import MartletDomain

/// Prometheus' text format, version 0.0.4 (prometheus.io, Exposition formats).
public struct PrometheusText {
  /// What it is sent as.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private var lines: [String] = []

  /// Begins a page.
  public init() {}

  /// The page.
  public var bytes: [UInt8] { Array(lines.joined(separator: "\n").utf8) + [0x0A] }

  /// Adds a number without labels.
  ///
  /// - Parameters:
  ///   - name: Its name; a counter's ends in `_total`.
  ///   - kind: `counter` or `gauge`.
  ///   - help: What it is, in one line.
  ///   - value: The number.
  public mutating func add(_ name: String, _ kind: String, _ help: String, _ value: Int) {
    describe(name, kind, help)
    lines.append("\(name) \(value)")
  }

  /// Adds what the trail was summed up to.
  public mutating func add(_ metrics: EventMetrics) {
    let sums = metrics.current
    describe("martlet_exchanges_total", "counter", "Requests on MCP routes that have ended.")
    for (key, count) in sums.exchanges.sorted(by: { Self.order($0.key) < Self.order($1.key) }) {
      let outcome = key.isForwarded ? "forwarded" : "refused"
      lines.append(
        "martlet_exchanges_total{tenant=\"\(Self.escaped(key.tenant))\",route=\"\(Self.escaped(key.route))\","
          + "outcome=\"\(outcome)\",status=\"\(key.status)\"} \(count)")
    }
    let name = "martlet_exchange_duration_seconds"
    describe(name, "histogram", "How long forwarded requests took, streams to their end.")
    for (route, histogram) in sums.durations.sorted(by: { $0.key < $1.key }) {
      let label = "route=\"\(Self.escaped(route))\""
      for (bound, count) in zip(DurationHistogram.bounds, histogram.counts) {
        lines.append("\(name)_bucket{\(label),le=\"\(bound.label)\"} \(count)")
      }
      lines.append("\(name)_bucket{\(label),le=\"+Inf\"} \(histogram.count)")
      lines.append("\(name)_sum{\(label)} \(Self.seconds(histogram.sum))")
      lines.append("\(name)_count{\(label)} \(histogram.count)")
    }
    describe("martlet_events_total", "counter", "Other records of the trail, by what happened.")
    for (action, count) in sums.events.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      lines.append("martlet_events_total{action=\"\(action.rawValue)\"} \(count)")
    }
  }

  /// Adds how it goes with sinks.
  public mutating func add(_ shippers: [TrailShipper]) {
    guard !shippers.isEmpty else { return }
    let all = shippers.map { ($0.sink.name, $0.progress) }.sorted { $0.0 < $1.0 }
    add("martlet_trail_sink_lag_records", "gauge", "Records that a sink wasn't told yet.", all) { $0.lag }
    add("martlet_trail_sink_failing", "gauge", "Whether a sink takes nothing.", all) { $0.isFailing ? 1 : 0 }
    add("martlet_trail_sink_told_total", "counter", "Records that a sink was told.", all) { $0.told }
    add("martlet_trail_sink_missed_total", "counter", "Records removed before a sink took them.", all) { $0.missed }
  }

  private mutating func add(
    _ name: String, _ kind: String, _ help: String, _ sinks: [(String, TrailShipper.Progress)],
    _ value: (TrailShipper.Progress) -> Int64
  ) {
    describe(name, kind, help)
    for (sink, progress) in sinks { lines.append("\(name){sink=\"\(Self.escaped(sink))\"} \(value(progress))") }
  }

  private mutating func describe(_ name: String, _ kind: String, _ help: String) {
    lines.append("# HELP \(name) \(help)")
    lines.append("# TYPE \(name) \(kind)")
  }

  private static func order(_ key: EventMetrics.ExchangeKey) -> String {
    "\(key.tenant) \(key.route) \(key.isForwarded) \(key.status)"
  }

  private static func seconds(_ duration: Duration) -> String {
    let milliseconds = duration.milliseconds
    let rest = String(milliseconds % 1000)
    return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }

  private static func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": out += "\\\\"
      case "\"": out += "\\\""
      case "\n": out += "\\n"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
