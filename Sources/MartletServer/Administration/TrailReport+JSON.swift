import MartletAudit
import StrictCoding

extension TrailReport {
  /// As commands and the admin API show it.
  public var json: JSONObject {
    [
      "tenant": .string(tenant.string), "records": .integer(Int64(count)), "first": .integer(first),
      "last": .integer(last), "anchors": .integer(Int64(anchors)), "whole": .bool(findings.isEmpty),
      "findings": .array(findings.map { .string($0.text) }),
    ]
  }
}
