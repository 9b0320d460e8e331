import MartletAudit
import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// The trail as OpenTelemetry log records: OTLP 1.x over HTTP in its JSON encoding (opentelemetry.io, OTLP
/// Specification, "JSON Protobuf Encoding" and "OTLP/HTTP Request").
///
/// A receiver that takes a part only (`partialSuccess`) must not be sent that batch again; what it refused is a failure
/// of the receiver and shows in its own log.
public struct OTLPSink: TrailSink {
  private let delivery: HTTPDelivery
  private let headers: [(name: String, value: Secret)]

  /// - Parameters:
  ///   - url: The receiver's endpoint for logs, such as `http://127.0.0.1:4318/v1/logs`.
  ///   - headers: What it wants to see, such as `authorization`.
  ///   - fetcher: Fetches from places that operators named.
  public init(url: AbsoluteURL, headers: [(name: String, value: Secret)], fetcher: any DocumentFetching) {
    delivery = HTTPDelivery(url: url, fetcher: fetcher)
    self.headers = headers
  }

  /// `otlp:` and the URL without its query.
  public var name: String { Self.name(delivery.url) }

  /// How the sink of a URL is named.
  public static func name(_ url: AbsoluteURL) -> String { "otlp:\(url.withoutQuery)" }

  /// Posts an `ExportLogsServiceRequest`.
  public func take(_ records: [PlacedRecord]) async throws(TrailSinkFailure) {
    var fields: [(name: String, value: String)] = []
    for header in headers {
      guard let value = String(validating: header.value.expose(), as: UTF8.self) else { continue }
      fields.append((header.name, value))
    }
    _ = try await delivery.post(JSONWriter.write(Self.request(records)), headers: fields)
  }

  static func request(_ records: [PlacedRecord]) -> JSONValue {
    let resource: JSONValue = ["attributes": [OTLPLogRecord.attribute("service.name", "martlet")]]
    let scope: JSONValue = [
      "scope": ["name": "martlet.trail"], "logRecords": .array(records.map { OTLPLogRecord.json($0.record) }),
    ]
    return ["resourceLogs": [["resource": resource, "scopeLogs": [scope]]]]
  }
}
