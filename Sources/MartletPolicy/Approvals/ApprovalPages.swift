import MartletDomain

/// What people read about approvals. Each says what to do next.
enum ApprovalPages {
  private static let list = PageLink(label: "All approvals", path: "/approvals")

  static let unknown = MessagePage(
    title: "There is nothing to decide here",
    message: "There is no such request, or it is neither yours nor one that you decide about.",
    advice: "Check the address, or whether you are logged in as the right person.", link: list)

  static let notYours = "You can’t decide about this: it is your own call, or the rules don’t name you as an approver."
  static let tooLate =
    "Nothing was changed: it was decided before, has ended, or isn’t what this page showed. Look at it again."

  static func unavailable(_ request: EndpointRequest) -> MessagePage {
    MessagePage(
      title: "Not available at this moment", message: "Martlet can't read or write its data.",
      advice: "Nothing was decided. Try again in a minute.", reference: request.id.string)
  }

  static func malformed(_ request: EndpointRequest) -> MessagePage {
    MessagePage(
      title: "This request can't be read", message: "A field is missing, comes twice or isn't well-formed.",
      reference: request.id.string, link: list)
  }

  static func staleForm(_ id: ApprovalID, _ request: EndpointRequest) -> MessagePage {
    MessagePage(
      title: "This page is too old", message: "The form came without the proof that this browser was shown it.",
      advice: "Nothing was decided.", reference: request.id.string,
      link: PageLink(label: "Look again", path: ApprovalReturn(id).path))
  }

  static func words(_ seen: SeenApproval) -> (String, ApprovalSummary.Tone) {
    switch seen.state {
    case .pending: ("Waits for a decision", .warning)
    case .approved: ("Approved once, not used yet", .good)
    case .granted: ("Allowed for a time, with any arguments", .good)
    case .used: ("Approved and used", .plain)
    case .denied: ("Denied", .problem)
    case .expired: ("Ended", .plain)
    case .revoked: ("Taken back", .problem)
    }
  }

  static func advice(_ seen: SeenApproval, _ user: User) -> String {
    let isOwn = seen.approval.requester == user.id
    switch seen.state {
    case .pending where seen.mayDecide:
      return "Allow it only if this is what should be done. It can be done once, as shown; with anything changed, "
        + "Martlet asks again."
    case .pending:
      return isOwn
        ? "An approver has to decide. Leave your program as it is, and let it try the same call again once it is approved."
        : "It can't be decided any more: the rules have changed since. The call has to be tried again."
    case .approved, .granted: return "Try the same call again in your program: it goes through now."
    case .used: return "The call was made. Another one needs another approval."
    case .denied: return "The call isn't made. The same call can be asked about again later."
    case .expired, .revoked: return "If the call is still wanted, it has to be tried again: Martlet asks anew."
    }
  }
}
