/// Tells which connection attempt a request belongs to, from the little that is known before a code exists.
///
/// A guess for diagnosis only: codes and tokens carry their flow with them, and nothing is ever decided by it.
public protocol FlowCorrelation: Sendable {
  /// The flow that a request belongs to, or a new one.
  ///
  /// - Parameters:
  ///   - address: Where the request came from.
  ///   - client: The client, once it has named itself.
  ///   - route: The route, where the request names one.
  func flow(address: String, client: ClientID?, route: RouteID?) -> FlowID
}
