import MartletDomain

/// Tells who sits before a browser.
public protocol ConnectingUsers: Sendable {
  /// The user who is logged in in the browser that sent a request, and the session's browser.
  ///
  /// - Returns: `nil` for nobody.
  /// - Throws: `StoreError`.
  func current(of request: EndpointRequest) async throws(StoreError) -> (user: User, browser: ArtefactDigest)?
}
