import MartletDomain
import MartletIdentity
import MartletPolicy
import StrictCoding

/// Lets the pages about approvals know who is logged in, and what people are called.
struct ApprovalVisitorsAdapter: ApprovalVisitors {
  let sessions: LoginSessions
  let users: any UserStore

  func current(of request: EndpointRequest) async throws(StoreError) -> (user: User, browser: ArtefactDigest)? {
    try await sessions.current(of: request).map { ($0.user, $0.session.browser) }
  }

  func name(of subject: ByteString) async throws(StoreError) -> String? {
    try await users.user(UserID(subject)).map(\.shownName)
  }
}
