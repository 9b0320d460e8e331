import StrictCoding

/// A name that decides something: compared byte by byte, never by Unicode equivalence (S-03), and typed so that a
/// client id can't be passed where a user id belongs.
public struct Identifier<Kind>: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The exact bytes.
  public let value: ByteString

  /// Wraps bytes that were checked where they entered.
  public init(_ value: ByteString) { self.value = value }

  /// Wraps the UTF-8 bytes of a string.
  public init(_ string: String) { self.value = ByteString(string) }

  /// Wraps a literal.
  public init(stringLiteral value: String) { self.init(value) }

  /// The text, for display and for binding as an SQL parameter.
  public var string: String { value.string }

  /// The text.
  public var description: String { value.string }

  /// Orders by bytes.
  public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Kinds of `Identifier`.
public enum IdentifierKind {
  /// A tenant.
  public enum Tenant {}
  /// A user, local or federated; the `sub` of our tokens.
  public enum User {}
  /// An OAuth client, as it names itself.
  public enum Client {}
  /// A server of the configuration.
  public enum Server {}
  /// A grant: one consent's chain of tokens (the refresh family).
  public enum Grant {}
  /// A pending authorization.
  public enum Transaction {}
  /// A connection attempt from first probe to first call.
  public enum Flow {}
  /// One HTTP request.
  public enum Request {}
  /// One API key.
  public enum APIKey {}
  /// An API key with its predecessors and successors by rotation.
  public enum KeySeries {}
  /// A bearer of the admin API.
  public enum AdminToken {}
  /// A call that somebody was asked about.
  public enum Approval {}
  /// What a user lets a job do.
  public enum Delegation {}
}

/// Names a tenant.
public typealias TenantID = Identifier<IdentifierKind.Tenant>
/// Names a user.
public typealias UserID = Identifier<IdentifierKind.User>
/// Names an OAuth client.
public typealias ClientID = Identifier<IdentifierKind.Client>
/// Names a server of the configuration.
public typealias ServerName = Identifier<IdentifierKind.Server>
/// Names a grant.
public typealias GrantID = Identifier<IdentifierKind.Grant>
/// Names a pending authorization.
public typealias TransactionID = Identifier<IdentifierKind.Transaction>
/// Names a flow.
public typealias FlowID = Identifier<IdentifierKind.Flow>
/// Names an HTTP request.
public typealias RequestID = Identifier<IdentifierKind.Request>
/// Names an API key: the part of it that isn't secret.
public typealias APIKeyID = Identifier<IdentifierKind.APIKey>
/// Names an API key with its predecessors and successors by rotation.
public typealias KeySeriesID = Identifier<IdentifierKind.KeySeries>
/// Names a bearer of the admin API.
public typealias AdminTokenID = Identifier<IdentifierKind.AdminToken>
/// Names a call that somebody was asked about. Random, but no secret: it opens nothing.
public typealias ApprovalID = Identifier<IdentifierKind.Approval>
/// Names what a user lets a job do.
public typealias DelegationID = Identifier<IdentifierKind.Delegation>

extension Identifier where Kind == IdentifierKind.Tenant {
  /// The tenant of an installation that has no others.
  public static var `default`: TenantID { "default" }
}
