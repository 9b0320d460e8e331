/// The part of the account page about jobs that act for the user; its forms post to `/account/delegations`.
public struct AccountDelegations: Sendable {
  /// One that stands.
  public struct Item: Sendable {
    /// Its id, for the hidden field.
    public var id: String
    /// The job.
    public var job: String
    /// What it may use, in words.
    public var words: String
    /// When it ends.
    public var expiresAt: Timestamp

    /// Describes one.
    public init(id: String, job: String, words: String, expiresAt: Timestamp) {
      self.id = id
      self.job = job
      self.words = words
      self.expiresAt = expiresAt
    }
  }

  /// Those that stand.
  public var items: [Item]
  /// Service accounts that can be chosen.
  public var jobs: [String]
  /// Servers that can be chosen.
  public var servers: [String]
  /// The anti-forgery value, for the hidden field.
  public var csrf: String

  /// Describes the part.
  public init(items: [Item], jobs: [String], servers: [String], csrf: String) {
    self.items = items
    self.jobs = jobs
    self.servers = servers
    self.csrf = csrf
  }
}
