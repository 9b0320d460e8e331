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

  /// The flow that an authorization request belongs to. From then on the flow is that address's alone: many people's
  /// clients share an id, and another client behind the same address begins with questions of its own.
  ///
  /// - Parameters:
  ///   - address: Where the request came from: the user's browser or device.
  ///   - client: The client.
  ///   - route: The route, where the request names one.
  func attempt(address: String, client: ClientID, route: RouteID?) -> FlowID
}
