import MartletDomain

/// What people read when a login can't go on. Each says what to do next; none tells whether a user exists (N-16).
enum LoginPages {
  static let wrongPassword = "The user name or the password is wrong."
  static let busy = "Too many people are logging in at this moment. Try again in a few seconds."

  static func tooManyAttempts(seconds: Int64) -> String {
    let time = seconds < 120 ? "\(seconds) seconds" : "\((seconds + 59) / 60) minutes"
    return "There were too many attempts. Wait \(time), then try again."
  }

  static func cancelled(_ provider: String) -> String { "The login at \(provider) was cancelled." }

  static func unavailable(_ provider: String) -> String {
    "\(provider) can't be reached at present. Try again in a minute; whoever is logged in already stays logged in."
  }

  static func untrusted(_ provider: String, _ request: RequestID) -> String {
    "The answer of \(provider) could not be used. Try again; if it happens again, report reference \(request)."
  }

  static func unknownTransaction(_ request: RequestID) -> MessagePage {
    MessagePage(
      title: "This login can't go on here", message: "This login began in another browser or has ended.",
      advice:
        "Go back to the program that you want to connect and start again, in this browser. Cookies must be allowed.",
      reference: request.string)
  }

  static func endedDeparture(_ request: RequestID) -> MessagePage {
    MessagePage(
      title: "This login has ended",
      message:
        "The answer belongs to no login that is going on in this browser: it was used before, "
        + "took more than 10 minutes, or began elsewhere.",
      advice:
        "Go back to the program that you want to connect and start again, in this browser. Cookies must be allowed.",
      reference: request.string)
  }

  static func staleForm(_ request: RequestID) -> MessagePage {
    MessagePage(
      title: "This page is too old", message: "The form came without the proof that this browser was shown it.",
      advice: "Go back, reload the page and submit it again. Cookies must be allowed.", reference: request.string)
  }

  static func malformed(_ request: RequestID) -> MessagePage {
    MessagePage(
      title: "This request can't be read", message: "A field is missing, comes twice or isn't well-formed.",
      advice: "Go back to the program that you want to connect and start again.", reference: request.string)
  }

  static func notFound(_ request: RequestID) -> MessagePage {
    MessagePage(
      title: "No such way to log in", message: "This way to log in isn't offered here.",
      advice: "Open /login to see what is.", reference: request.string)
  }

  static func noTenant(_ provider: String, _ request: RequestID) -> MessagePage {
    MessagePage(
      title: "No access",
      message: "\(provider) says who you are, but not which organisation of this installation you belong to.",
      advice: "Ask your administrator to assign you, then log in again.", reference: request.string)
  }

  static func disabled(_ request: RequestID) -> MessagePage {
    MessagePage(
      title: "No access", message: "This account may not log in here.", advice: "Ask your administrator.",
      reference: request.string)
  }

  static func unavailable(_ request: RequestID) -> MessagePage {
    MessagePage(
      title: "Not available at present", message: "Logins can't be processed at this moment.",
      advice: "Try again in a few seconds.", reference: request.string)
  }
}
