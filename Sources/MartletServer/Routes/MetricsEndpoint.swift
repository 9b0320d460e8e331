import MartletAudit
import MartletDomain
import OAuthClient
import StrictCoding

/// What Prometheus reads. Names of tenants and servers stand in it, so only the machine itself gets it.
struct MetricsEndpoint: Sendable {
  let recorder: AuditRecorder
  let shippers: [TrailShipper]
  let health: Health
  let startedAt: Timestamp

  private static let here = AddressRanges(["127.0.0.0/8", "::1"])

  func answer(_ request: EndpointRequest) -> EndpointResponse {
    guard Self.here.contain(request.address) else {
      return .json(
        403,
        JSONWriter.write([
          "error": "forbidden",
          "error_description": "Metrics are given to this machine only: let Prometheus, or its agent, read them here.",
        ]))
    }
    var text = PrometheusText()
    text.add("martlet_ready", "gauge", "Whether this process can do its work.", health.problems.isEmpty ? 1 : 0)
    text.add(
      "process_start_time_seconds", "gauge", "When this process started, in seconds since 1970.",
      Int(clamping: startedAt.seconds))
    text.add("martlet_trail_waiting", "gauge", "Records that wait to be written.", recorder.waitingEvents)
    text.add("martlet_trail_lost_total", "counter", "Records that found no room; always 0.", recorder.lostEvents)
    text.add(shippers)
    text.add(recorder.metrics)
    return EndpointResponse(
      status: 200, headers: [("cache-control", "no-store")],
      body: .asset(contentType: PrometheusText.contentType, text.bytes))
  }
}
