import MartletAuthorizationServer
import MartletDomain
import MartletIdentity
import MartletProxy
import StrictCoding

/// Tells the login pages who waits: what the authorization server keeps.
struct LoginPromptAdapter: LoginPrompting {
  let prompts: LoginPrompts
  let authorizations: any AuthorizationStore
  let clock: any WallClock

  func awaitedLogin(for transaction: TransactionID, browser: ArtefactDigest) async throws(StoreError) -> AwaitedLogin? {
    guard let prompt = try await prompts.prompt(for: transaction, browser: browser),
      let pending = try await authorizations.pendingAuthorization(transaction, at: clock.now())
    else { return nil }
    return AwaitedLogin(prompt: prompt, flow: pending.flow, client: pending.client)
  }
}

/// Lets the gateway prove access tokens by the authorization server's verifier.
struct BearerVerifierAdapter: BearerVerifier {
  let verifier: AccessTokenVerifier

  func verify(_ token: ByteString, for route: RouteID, at now: Timestamp) throws(BearerRejection) -> Principal {
    do { return try verifier.verify(token, for: route, at: now) } catch { throw BearerRejection(code: error.rawValue) }
  }
}

/// Lets the gateway prove API keys as MartletIdentity does.
struct KeyVerifierAdapter: KeyVerifier {
  let verifier: APIKeyVerifier

  func verify(_ key: ByteString, for route: RouteID, from address: String) async throws(KeyRejection) -> Principal {
    do { return try await verifier.verify(key, for: route, from: address) } catch {
      switch error {
      case .invalid(let reason): throw .invalid(reason: reason)
      case .tooManyGuesses(let seconds): throw .tooManyGuesses(seconds: seconds)
      case .unavailable: throw .unavailable
      }
    }
  }
}

/// Lets the gateway have assertions signed.
struct UpstreamAssertionsAdapter: UpstreamAssertions {
  let signer: AssertionSigner
  let clock: any WallClock

  func assertion(for principal: Principal, audience: String) -> String? {
    try? signer.assertion(for: principal, upstream: audience, at: clock.now())
  }
}
