import Foundation
import MartletDomain
import MartletServer

/// A time as people tell it: an age, or a date.
enum AuditTime {
  case age(Duration)
  case moment(Timestamp)

  init?(_ text: String) {
    if let age = DurationText.parse(text) {
      self = .age(age)
    } else if let date = try? Date(text, strategy: .iso8601),
      let seconds = Int64(exactly: date.timeIntervalSince1970.rounded(.down))
    {
      self = .moment(Timestamp(seconds: seconds))
    } else {
      return nil
    }
  }

  func before(_ now: Timestamp) -> Timestamp {
    switch self {
    case .age(let age): now - age
    case .moment(let moment): moment
    }
  }
}
