import MartletDomain
import MartletIdentity
import MartletPolicy
import OAuthClient

/// Puts together what is about approvals.
struct ApprovalAssembly: Sendable {
  let installation: Installation
  let snapshots: SnapshotHolder

  func notices(authorities: String?) throws -> WebhookNotices {
    WebhookNotices(
      settings: { [snapshots] in snapshots.current.configuration.approvals },
      origin: { [snapshots] in snapshots.current.gateway.origin },
      fetcher: try SafeFetcher.operatorConfigured(certificateAuthorityFile: authorities), audit: installation.audit,
      clock: installation.clock)
  }

  func approvals(_ notices: any ApprovalNotices) -> Approvals {
    Approvals(
      store: installation.store, sealer: installation.sealer, audit: installation.audit, notices: notices,
      clock: installation.clock, random: installation.random)
  }

  func pages(forms: FormGuard) -> ApprovalsEndpoint {
    let sessions = LoginSessions(
      store: installation.store, cookies: CookiePolicy(origin: snapshots.current.gateway.origin),
      clock: installation.clock, random: installation.random)
    return ApprovalsEndpoint(
      desk: office.desk, visitors: ApprovalVisitorsAdapter(sessions: sessions, users: installation.store), forms: forms)
  }

  var office: ApprovalOffice {
    ApprovalOffice(installation) { [snapshots] in snapshots.current.configuration.policy }
  }
}
