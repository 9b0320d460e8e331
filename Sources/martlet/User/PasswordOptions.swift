import ArgumentParser
import MartletDomain
import StrictCoding

/// Where a password comes from: standard input, or Martlet makes one and shows it once.
struct PasswordOptions: ParsableArguments {
  @Flag(
    name: .customLong("password-stdin"),
    help:
      "Read the password, 8 to 1024 bytes, from the first line of standard input. Without this one is made and shown.")
  var fromStandardInput = false

  /// - Returns: The password, and its text where it has to be shown.
  func password(_ random: any RandomSource) throws -> (secret: Secret, shown: String?) {
    guard fromStandardInput else {
      let made = Base64URL.encode(random.bytes(15))
      return (Secret(made), made)
    }
    let line = Terminal.firstLine()
    guard !line.isEmpty else {
      throw CommandFailure(
        "standard input holds no password", advice: "Pipe it in: printf %s \"$PASSWORD\" | martlet user …", code: 2)
    }
    return (Secret(line), nil)
  }
}
