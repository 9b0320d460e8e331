import MartletDomain
import OAuthProtocol

/// What an authorization server made of a refresh token.
public enum RefreshAnswer: Sendable {
  /// New tokens; one without a refresh token means that the old one stays good.
  case issued(TokenResponse)
  /// It refused this refresh token (`invalid_grant`).
  case refused
  /// Nothing that says anything about the refresh token.
  ///
  /// - Parameters:
  ///   - reason: What people are told.
  ///   - mayBeSpent: Whether the request may have been carried out.
  case passing(ConnectionReason, mayBeSpent: Bool)
}

/// Redeems refresh tokens where they came from.
public protocol RefreshExchange: Sendable {
  /// Presents a refresh token, once, within 30 s.
  ///
  /// - Parameters:
  ///   - refreshToken: The token.
  ///   - connection: Whose; its issuer is the only one who gets to see it.
  func redeem(_ refreshToken: Secret, for connection: UpstreamConnection) async -> RefreshAnswer
}
