/// Takes the code that a program without a browser shows; its one form posts to `/device`.
public struct DevicePage: Sendable {
  /// Who is logged in.
  public var userName: String
  /// The code that the link held, to be compared with what the program shows.
  public var userCode: String?
  /// The anti-forgery value, for the hidden field.
  public var csrf: String
  /// What was wrong with the code before.
  public var problem: String?

  /// Describes a page.
  public init(userName: String, userCode: String?, csrf: String, problem: String? = nil) {
    self.userName = userName
    self.userCode = userCode
    self.csrf = csrf
    self.problem = problem
  }
}

/// Asks whether a program that waits elsewhere may act for a user (RFC 8628 §3.3, §5.4).
public struct DeviceConsentPage: Sendable {
  /// The code, as the program shows it.
  public var userCode: String
  /// The program's name.
  public var clientName: String
  /// Where the program asked from.
  public var address: String
  /// How long ago, in words.
  public var age: String
  /// Whether this browser comes from the same network.
  public var isFromHere: Bool
  /// Who is logged in.
  public var userName: String
  /// What is asked for; more than one where the user has to choose.
  public var choices: [ConsentPage.Choice]
  /// What the program will be able to do, in words.
  public var permissions: [String]
  /// How long it lasts, in words.
  public var lifetime: String
  /// The anti-forgery value, for the hidden field.
  public var csrf: String

  /// Describes a page.
  public init(
    userCode: String, clientName: String, address: String, age: String, isFromHere: Bool, userName: String,
    choices: [ConsentPage.Choice], permissions: [String], lifetime: String, csrf: String
  ) {
    self.userCode = userCode
    self.clientName = clientName
    self.address = address
    self.age = age
    self.isFromHere = isFromHere
    self.userName = userName
    self.choices = choices
    self.permissions = permissions
    self.lifetime = lifetime
    self.csrf = csrf
  }
}
