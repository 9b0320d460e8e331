import MartletDomain
import OAuthProtocol

/// A token request whose client is authenticated.
struct TokenRequest: Sendable {
  /// Who asks.
  let client: RegisteredClient
  /// What was posted.
  let form: EndpointForm
  /// When it arrived; everything issued carries this time, so that a later revocation covers it.
  let now: Timestamp
  /// The HTTP request.
  let id: RequestID
  /// Where it came from.
  let address: String
}

/// A redeemed grant: the body to send, byte for byte, and what to record.
struct TokenReply: Sendable {
  let body: [UInt8]
  let action: AuditAction
  let reason: String?

  init(body: [UInt8], action: AuditAction, reason: String? = nil) {
    self.body = body
    self.action = action
    self.reason = reason
  }
}
