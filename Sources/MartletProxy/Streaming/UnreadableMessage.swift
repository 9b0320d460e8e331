import StrictCoding

/// What a server said that breaks a rule of messages.
enum UnreadableMessage {
  /// Whether it is a notification all the same: nobody waits for one, and the answer is still to come.
  static func isNotification(_ data: [UInt8]) -> Bool {
    guard let message = try? JSONReader.parse(data, limits: .upstreamAnswer), message["id"]?.isNull ?? true else {
      return false
    }
    return message["method"]?.stringValue != nil && message["result"] == nil && message["error"] == nil
  }
}
