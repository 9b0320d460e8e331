import MCPProtocol
import StrictCoding

/// Modern notification → legacy notification.
enum NotificationTranslation {
  /// Translates.
  ///
  /// - Returns: `nil` where legacy clients have no such notification.
  static func legacy(_ notification: MCPNotification) -> MCPNotification? {
    switch notification.method {
    case .subscriptionsAcknowledged, .tasksNotification, .cancelled: return nil
    default: break
    }
    guard var params = notification.params else { return notification }
    ResultTranslation.strip(&params)
    return MCPNotification(method: notification.method, params: params.isEmpty ? nil : params)
  }
}
