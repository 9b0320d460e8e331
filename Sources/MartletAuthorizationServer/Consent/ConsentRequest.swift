import MartletDomain
import OAuthProtocol

/// A pending authorization that this browser may decide now: everything about it was checked again.
struct ConsentRequest: Sendable {
  /// What was asked.
  let pending: PendingAuthorization
  /// The browser that the decision is made in.
  let browser: ArtefactDigest
  /// Who decides.
  let user: User
  /// Who asks, as the client is known now.
  let client: RegisteredClient
  /// Where the answer goes, checked against the client as it is now (V-050c).
  let returnAddress: ReturnAddress
  /// What it can be for: one route, or several where the user has to choose; never none.
  let choices: [ProtectedRoute]

  /// The routes of a resource that came with the form, or the only one there is.
  ///
  /// - Parameter resource: The form's field, nil if it is absent.
  func choice(_ resource: String?, in directory: RouteDirectory) -> ProtectedRoute? {
    guard let resource else { return choices.count == 1 ? choices.first : nil }
    guard let indicator = try? ResourceIndicator(parsing: resource), let route = directory.route(for: indicator) else {
      return nil
    }
    return choices.first { $0.id == route.id }
  }
}

/// Why a consent can't be shown or taken now.
enum ConsentInterruption: Error, Sendable {
  /// Shown to the person.
  case page(PageRefusal)
  /// Nobody is logged in: go there first.
  case login(String)
}
