import MartletDomain

/// What people read at `/device`.
enum DevicePages {
  static let unknownCode = "No program waits with that code. It may have expired: look at what the program shows now."

  static let allowed = MessagePage(
    title: "Done", message: "The program goes on within a few seconds.",
    advice: "Close this page and go back to it. You can take the access away again at any time.")
  static let denied = MessagePage(
    title: "Refused", message: "The program gets no access.", advice: "Close this page.")

  static func tooManyCodes(seconds: Int64) -> String {
    "There were too many wrong codes. Wait \((seconds + 59) / 60) minutes, then try again."
  }
}

extension PageRefusal {
  /// The grant is switched off.
  static let noDeviceGrant = PageRefusal(
    status: 404, title: "Not offered here", message: "Programs can’t log in by a code at this gateway.",
    advice: "Use a program that opens a browser, or ask whoever runs this gateway.", reason: "device_grant_off")

  /// The code was decided about, or has ended.
  static let deviceGone = PageRefusal(
    status: 410, title: "This code has ended", message: "The code was used already, or took too long.",
    advice: "Start again in the program if it still waits.", reason: "device_gone")
}

extension DeviceConsentPage {
  init(
    _ code: UserCode, of client: RegisteredClient, _ device: DeviceAuthorization, _ choices: [ProtectedRoute],
    visit: DevicePageEndpoint.Visit, csrf: String, at now: Timestamp
  ) {
    let server = choices.count == 1 ? choices.first.map { "“\($0.displayName)”" } : nil
    let age = max(0, (now - device.createdAt).wholeSeconds)
    self.init(
      userCode: code.text, clientName: client.name, address: device.address,
      age: age < 60 ? "less than a minute ago" : age < 120 ? "a minute ago" : "\(age / 60) minutes ago",
      isFromHere: device.network == NetworkPrefix(of: visit.request), userName: visit.user.displayName,
      choices: choices.map {
        ConsentPage.Choice(resource: visit.settings.routes.resource(of: $0.id), name: $0.displayName)
      },
      permissions: ConsentPage.permissions(server: server, scope: device.scope),
      lifetime: ConsentPage.lifetime(visit.settings.tokens), csrf: csrf)
  }
}
