import MartletDomain

/// Why an account can't be connected now.
enum ConnectProblem: Error, Sendable, Equatable {
  /// Somebody can't be asked at present.
  case unreachable
  /// A URL that the server named may not be reached from here.
  case blocked
  /// The server names no authorization server.
  case noAuthorizationServer
  /// What the server or its authorization server says about itself can't be used; the reason is for administrators.
  case unusable(String)
  /// The authorization server knows no way to get to know Martlet.
  case noRegistration
  /// The authorization server refused to register Martlet.
  case registrationRefused(String)
  /// The user said no there.
  case declined
  /// The authorization server said no, with this code.
  case refused(String)
  /// The answer isn't the authorization server's that was asked.
  case mistaken
  /// The store doesn't take anything at present.
  case store(StoreError)
}

extension ConnectProblem {
  /// A stable code for the trail.
  var code: String {
    switch self {
    case .unreachable: "unreachable"
    case .blocked: "egress_blocked"
    case .noAuthorizationServer: "no_authorization_server"
    case .unusable(let reason): "unusable:\(reason)"
    case .noRegistration: "no_registration"
    case .registrationRefused(let code): "registration_refused:\(code)"
    case .declined: "declined"
    case .refused(let code): "refused:\(code)"
    case .mistaken: "issuer_mismatch"
    case .store: "store"
    }
  }
}
