import StrictCoding

/// Who came through, by which client or key, at which route.
public struct AccessUse: Hashable, Sendable {
  /// How old the use that is known of may be: one that comes sooner changes nothing.
  public static let grain = Duration.seconds(60)

  /// Whose.
  public let tenant: TenantID
  /// Who: the subject of the call's record.
  public let subject: ByteString
  /// The client, or what stands for an API key.
  public let client: ByteString
  /// The route's path.
  public let route: ByteString

  /// Describes a use.
  public init(tenant: TenantID, subject: ByteString, client: ByteString, route: ByteString) {
    self.tenant = tenant
    self.subject = subject
    self.client = client
    self.route = route
  }
}
