import MartletDomain

/// What people read when an account can't be connected. Each says what to do next.
enum ConnectPages {
  static let noServer = MessagePage(
    title: "There is nothing to connect here", message: "No server of this name takes an account of yours.",
    advice: "Check the address, or see your accounts.", link: accounts)

  private static let accounts = PageLink(label: "Your accounts", path: "/account")

  private static func again(_ visit: ConnectVisit) -> PageLink { PageLink(label: "Try again", path: visit.path) }

  static func unavailable(_ request: RequestID) -> MessagePage {
    MessagePage(
      title: "Not available at this moment", message: "Martlet can't read or write its data.",
      advice: "Nothing was lost. Try again in a minute.", reference: request.string)
  }

  static func malformed(_ visit: ConnectVisit) -> MessagePage {
    MessagePage(
      title: "This request can't be read", message: "A field is missing, comes twice or isn't well-formed.",
      reference: visit.request.id.string, link: again(visit))
  }

  static func staleForm(_ visit: ConnectVisit) -> MessagePage {
    MessagePage(
      title: "This page is too old", message: "The form came without the proof that this browser was shown it.",
      reference: visit.request.id.string, link: again(visit))
  }

  static func foreignLink(_ visit: ConnectVisit) -> MessagePage {
    MessagePage(
      title: "This link is not for you",
      message: "It was made for another user of \(visit.server.route.displayName), or was altered. "
        + "You are logged in as \(visit.user.displayName).",
      advice: "Nothing was connected. If somebody sent you this link, don't use it; connect your own account instead.",
      reference: visit.request.id.string,
      link: PageLink(label: "Connect your own account", path: visit.path))
  }

  static func endedLink(_ visit: ConnectVisit) -> MessagePage {
    MessagePage(
      title: "This link has ended", message: "Links like this one are good for an hour.",
      link: PageLink(label: "Connect your account", path: visit.path))
  }

  static func usedLink(_ visit: ConnectVisit) -> MessagePage {
    MessagePage(
      title: "This link was used before", message: "Links like this one are good for one click.",
      link: PageLink(label: "See your account", path: visit.path))
  }

  static func endedDeparture(_ visit: ConnectVisit) -> MessagePage {
    MessagePage(
      title: "This answer can't be used here",
      message: "It was used before, took more than 10 minutes, or began in another browser or for another user.",
      advice: "Nothing was connected, and nothing that was connected is lost.", reference: visit.request.id.string,
      link: again(visit))
  }

  static func failed(_ problem: ConnectProblem, _ visit: ConnectVisit) -> MessagePage {
    let name = visit.server.route.displayName
    let words = problem.words(name)
    return MessagePage(
      title: problem == .declined ? "Not connected" : "\(name) can't be connected now", message: words.message,
      advice: words.advice + " What was connected before stays as it was.", reference: visit.request.id.string,
      link: again(visit))
  }
}

extension ConnectProblem {
  /// The status of the page that tells of it.
  var status: Int {
    switch self {
    case .unreachable, .store: 503
    case .declined: 403
    case .blocked, .noAuthorizationServer, .unusable, .noRegistration, .registrationRefused, .refused, .mistaken: 502
    }
  }

  fileprivate func words(_ name: String) -> (message: String, advice: String) {
    switch self {
    case .unreachable:
      ("\(name), or the place where you log in for it, doesn't answer.", "Try again in a minute.")
    case .blocked:
      (
        "\(name) names an authorization server at an address that Martlet may not reach.",
        "An administrator can allow it in egress.allow, or name the authorization server as issuer."
      )
    case .noAuthorizationServer:
      (
        "\(name) doesn't say where people log in for it.",
        "An administrator can name the authorization server as issuer, or its endpoints, in the server's credential."
      )
    case .unusable(let reason):
      (
        "What \(name) or its authorization server says about itself can't be used (\(reason)).",
        "Tell an administrator; the reference helps them."
      )
    case .noRegistration:
      (
        "The authorization server of \(name) doesn't let programs register by themselves.",
        "An administrator can register Martlet there and set client_id in the server's credential."
      )
    case .registrationRefused(let code):
      (
        "The authorization server of \(name) refused to register Martlet (\(code)).",
        "An administrator can register Martlet there and set client_id in the server's credential."
      )
    case .declined: ("You, or the authorization server of \(name), declined.", "You can try again at any time.")
    case .refused(let code):
      ("The authorization server of \(name) refused (\(code)).", "Try again; if it stays so, tell an administrator.")
    case .mistaken:
      ("The answer didn't come from the authorization server that was asked.", "Don't go on from that page; try again.")
    case .store: ("Martlet can't write its data at this moment.", "Try again in a minute.")
    }
  }
}
