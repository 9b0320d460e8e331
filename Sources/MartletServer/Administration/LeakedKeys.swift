import Logging
import MartletDomain
import MartletIdentity
import StrictCoding

/// `POST /api/leaked-keys`: whoever finds keys in the open has them ended. Every report is answered alike: whether a key
/// was one of ours is not told.
struct LeakedKeys: Sendable {
  /// How many keys a report holds.
  static let capacity = 100

  let reports: LeakReports
  let logger: Logger

  var route: EndpointRoute {
    EndpointRoute("POST", path: "/api/leaked-keys", auth: .anyone) { request, _ in await report(request) }
  }

  /// Takes a report: `{"keys": ["mrt_…", …]}`.
  private func report(_ request: EndpointRequest) async -> EndpointResponse {
    guard MediaType.isJSON(request.header("content-type")),
      let keys = (try? JSONReader.parse(request.body))?.objectValue?["keys"]?.arrayValue,
      (1...Self.capacity).contains(keys.count)
    else {
      return APIProblem.invalid("Send {\"keys\": […]} with 1 to \(Self.capacity) keys, as application/json.").response
    }
    let asker = Asker(subject: "leak_report", request: request.id, address: request.address)
    for key in keys.compactMap(\.stringValue) {
      do throws(StoreError) {
        switch try await reports.end(key, by: asker) {
        case .ended(let name): logger.warning("a leaked key was ended", metadata: ["key": "\(name)"])
        case .nothing: continue
        // Nobody is told that the rest wasn't looked at; whoever sends true keys is never held up.
        case .wait: return Self.accepted
        }
      } catch {
        return APIProblem.unavailable.response
      }
    }
    return Self.accepted
  }

  private static let accepted = EndpointResponse.json(202, JSONWriter.write(["status": "accepted"]))
}
