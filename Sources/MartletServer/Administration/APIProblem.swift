import MartletAuthorizationServer
import MartletDomain
import MartletIdentity
import MartletPolicy
import StrictCoding

/// Why a request to the admin API wasn't carried out.
struct APIProblem: Error, Sendable {
  let status: Int
  let code: String
  let description: String
  var retryAfter: Int64?
  /// For the trail, where it says more than the client hears.
  var reason: String?

  init(_ status: Int, _ code: String, _ description: String, retryAfter: Int64? = nil, reason: String? = nil) {
    self.status = status
    self.code = code
    self.description = description
    self.retryAfter = retryAfter
    self.reason = reason
  }

  static func invalid(_ description: String) -> APIProblem { APIProblem(400, "invalid_request", description) }

  static let notFound = APIProblem(404, "not_found", "There is no such thing here, or it isn't yours to see.")

  static func forbidden(_ description: String) -> APIProblem { APIProblem(403, "forbidden", description) }

  /// It fits the document, and contradicts itself or what stands.
  static func conflict(_ description: String) -> APIProblem { APIProblem(409, "conflict", description) }

  static let unavailable = APIProblem(
    503, "temporarily_unavailable", "The store is not available; try again in a moment.", retryAfter: 2)

  /// The document that answers it.
  var json: JSONValue { ["error": .string(code), "error_description": .string(description)] }

  var response: EndpointResponse {
    let answer = EndpointResponse.json(status, JSONWriter.write(json))
    return retryAfter.map { answer.adding("retry-after", String($0)) } ?? answer
  }

  init(_ error: APIKeyError) {
    switch error {
    case .invalidName, .invalidLifetime, .invalidGrace: self = .invalid(error.description)
    case .invalidScope: self = .conflict(error.description)
    case .nameTaken, .changed, .ambiguous: self = .conflict(error.description)
    case .unknownKey: self = .notFound
    case .unknownDelegation: self = .conflict("The owner has no such delegation, or it has ended.")
    case .closedTenant: self = .conflict(error.description)
    case .unknownOwner: self = .conflict("There is no such owner, or it is disabled.")
    case .store: self = .unavailable
    }
  }

  init(_ error: DelegationError) {
    switch error {
    case .invalidTools, .invalidLifetime: self = .invalid("\(error.description).")
    case .unknownUser, .unknownJob, .invalidServers, .tooMany: self = .conflict("\(error.description).")
    case .unknownDelegation: self = .notFound
    case .store: self = .unavailable
    }
  }

  init(_ error: TenantError) {
    switch error {
    case .unknown: self = .notFound
    case .deleted, .isDefault, .unconfirmed: self = .conflict("\(error.description).")
    }
  }

  init(_ error: LocalUserError) {
    switch error {
    case .invalidLoginName, .invalidPassword: self = .invalid(error.description)
    case .nameTaken: self = .conflict(error.description)
    case .unknownUser: self = .notFound
    case .busy: self = APIProblem(503, "temporarily_unavailable", error.description, retryAfter: 2)
    case .store: self = .unavailable
    }
  }

  /// Whatever a handler threw.
  init(_ error: any Error) {
    switch error {
    case let problem as APIProblem: self = problem
    case let error as APIKeyError: self.init(error)
    case let error as LocalUserError: self.init(error)
    case let error as ApprovalDeskError: self.init(error)
    case let error as DelegationError: self.init(error)
    case let error as TenantError: self.init(error)
    case is StoreError, SigningKeyError.store, SigningKeyError.contended: self = .unavailable
    case let error as AdminTokenError:
      if case .unknown = error { self = .notFound } else { self = .unavailable }
    default: self = APIProblem(500, "server_error", "This is a fault of Martlet; its log may say more.")
    }
  }
}
