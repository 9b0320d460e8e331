import MartletDomain
import StrictCoding

/// The last uses that the store knows of, to be asked by server.
struct AccessUses {
  private struct Place: Hashable {
    let tenant: TenantID
    let server: ServerName
  }

  private struct Use {
    let subject: ByteString
    let client: ByteString
    let at: Timestamp
  }

  private var places: [Place: [Use]] = [:]

  init(_ uses: [AccessUse: Timestamp]) {
    for (use, at) in uses {
      guard let route = RouteID(path: use.route.string) else { continue }
      places[Place(tenant: use.tenant, server: route.server), default: []].append(
        Use(subject: use.subject, client: use.client, at: at))
    }
  }

  /// When it was last used.
  ///
  /// - Parameters:
  ///   - tenant: Whose.
  ///   - subject: Who; `nil` for anybody.
  ///   - client: Through which client; `nil` for any.
  ///   - server: At which server.
  ///   - since: What was before doesn't count.
  func last(
    _ tenant: TenantID, _ subject: ByteString?, _ client: ByteString?, at server: ServerName, since: Timestamp? = nil
  ) -> Timestamp? {
    let uses = places[Place(tenant: tenant, server: server)] ?? []
    return uses.filter { use in
      let isOfWhom = subject.map { ByteString(use.subject.bytes) == ByteString($0.bytes) } ?? true
      let isByWhat = client.map { ByteString(use.client.bytes) == ByteString($0.bytes) } ?? true
      return isOfWhom && isByWhat && (since.map { use.at >= $0 } ?? true)
    }.map(\.at).max()
  }
}
