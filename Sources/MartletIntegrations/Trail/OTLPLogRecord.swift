import MartletAudit
import MartletDomain
import StrictCoding

/// A record as an OTLP `LogRecord`: 64-bit numbers are text, trace ids are hexadecimal, and enumerations are numbers.
enum OTLPLogRecord {
  static func json(_ record: AuditRecord) -> JSONValue {
    let event = record.event
    let isTrouble = event?.action.isTrouble ?? true
    let at: JSONValue = .string("\(nanoseconds(event?.at))")
    var members: JSONObject = [
      "timeUnixNano": at, "observedTimeUnixNano": at, "severityNumber": .integer(isTrouble ? 13 : 9),
      "severityText": isTrouble ? "WARN" : "INFO",
      "eventName": .string(event?.action.rawValue ?? "unreadable"),
      "body": ["stringValue": .string(event?.action.rawValue ?? "unreadable")],
      "attributes": .array(attributes(record)),
    ]
    if let trace = event?.trace { members["traceId"] = .string(trace) }
    return .object(members)
  }

  static func attribute(_ name: String, _ value: String) -> JSONValue {
    ["key": .string(name), "value": ["stringValue": .string(value)]]
  }

  private static func attributes(_ record: AuditRecord) -> [JSONValue] {
    let event = record.event
    let texts: [(String, String?)] = [
      ("martlet.tenant", event?.tenant.string), ("enduser.id", event?.subject),
      ("martlet.client_id", event?.client?.string), ("martlet.key", event?.key), ("martlet.route", event?.route),
      ("mcp.method.name", event?.method), ("martlet.target", event?.target), ("martlet.reason", event?.reason),
      ("client.address", event?.address), ("martlet.flow", event?.flow?.string),
      ("martlet.request", event?.request?.string), ("martlet.trail.digest", Hex.encode(record.head.digest)),
    ]
    let numbers: [(String, Int64?)] = [
      ("http.response.status_code", event?.status.map { Int64($0) }),
      ("martlet.duration_ms", event?.duration?.milliseconds), ("martlet.trail.sequence", record.head.sequence),
    ]
    return texts.compactMap { name, value in value.map { attribute(name, $0) } }
      + numbers.compactMap { name, value in
        value.map { ["key": .string(name), "value": ["intValue": .string("\($0)")]] }
      }
  }

  private static func nanoseconds(_ at: Timestamp?) -> Int64 {
    (at?.milliseconds ?? 0).multipliedReportingOverflow(by: 1_000_000).partialValue
  }
}
