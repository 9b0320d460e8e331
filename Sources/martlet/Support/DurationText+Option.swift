import ArgumentParser
import MartletServer

extension DurationText {
  /// What an option says, or what it should look like.
  static func parse(_ text: String, option: String) throws(ValidationError) -> Duration {
    guard let duration = parse(text) else {
      throw ValidationError("\(option) is a number with a unit, such as 90s, 24h or 30d")
    }
    return duration
  }
}
