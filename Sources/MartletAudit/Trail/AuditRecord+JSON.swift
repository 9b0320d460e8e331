import MartletDomain
import StrictCoding

extension AuditEvent {
  /// The event as it is answered, exported and shipped.
  public var json: JSONValue {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    return [
      "at": .string(at.text), "action": .string(action.rawValue), "tenant": .string(tenant.string),
      "flow": text(flow?.string), "request": text(request?.string), "subject": text(subject),
      "client_id": text(client?.string), "route": text(route), "method": text(method), "target": text(target),
      "status": status.map { .number(JSONNumber(Int64($0))) } ?? .null, "reason": text(reason),
      "duration_ms": duration.map { .number(JSONNumber($0.milliseconds)) } ?? .null, "address": text(address),
      "key": text(key), "trace": text(trace),
    ]
  }
}

extension FlowSummary {
  /// How far a flow came.
  public var json: JSONObject {
    [
      "flow": .string(flow.string), "started_at": .string(startedAt.text), "ended_at": .string(endedAt.text),
      "client_id": client.map { .string($0.string) } ?? .null, "route": route.map { .string($0) } ?? .null,
      "actions": .array(actions.map { .string($0.rawValue) }),
    ]
  }
}

extension AuditHead {
  /// Number and digest.
  public var json: JSONValue {
    ["sequence": .number(JSONNumber(sequence)), "digest": .string(Hex.encode(digest))]
  }
}

extension AuditRecord {
  /// A line of an export: `{"record":{…},"head":{"sequence":…,"digest":…}}`. A record that can't be read is `null`.
  public var json: JSONValue { ["record": event?.json ?? .null, "head": head.json] }

  /// The same as one line of a file.
  public var line: [UInt8] { JSONWriter.write(json) + [0x0A] }
}
