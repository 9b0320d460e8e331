import StrictCoding

/// Names an MCP route: a server of the installation, or of one tenant. Immutable; a class, since whatever goes along with a
/// request names its route.
public final class RouteID: Hashable, Sendable, CustomStringConvertible {
  /// The tenant whose address space the route is in; `nil` for the installation's.
  public let space: TenantID?
  /// The server.
  public let server: ServerName
  /// The path of the route: `/{server}/mcp` or `/t/{tenant}/{server}/mcp`.
  public let path: String

  /// Names a route.
  public init(space: TenantID? = nil, server: ServerName) {
    self.space = space
    self.server = server
    path = space.map { "/t/\($0)/\(server)/mcp" } ?? "/\(server)/mcp"
  }

  private init(besides server: ServerName) {
    space = nil
    self.server = server
    path = "/\(server)"
  }

  /// The admin API, as a resource that tokens are for: not an MCP route, and no server can have its name.
  public static let administration = RouteID(besides: "api")

  /// What a login at an identity provider brought, as an account: `/login/{provider}`. Not an MCP route, and no server
  /// can have its name.
  public static func login(_ provider: String) -> RouteID { RouteID(besides: ServerName(loginPrefix + provider)) }

  /// The identity provider of `login`; `nil` for everything else.
  public var loginProvider: String? {
    server.value.bytes.starts(with: Self.loginPrefix.utf8)
      ? String(server.string.dropFirst(Self.loginPrefix.count)) : nil
  }

  private static let loginPrefix = "login/"

  /// Reads back what a token, a grant or an account is for: a route, the admin API, or a login.
  public convenience init?(resourcePath: String) {
    let login = "/" + Self.loginPrefix
    if resourcePath.utf8.elementsEqual(Self.administration.path.utf8) {
      self.init(besides: Self.administration.server)
    } else if resourcePath.utf8.starts(with: login.utf8), !resourcePath.dropFirst(login.count).utf8.contains(0x2F) {
      self.init(besides: ServerName(String(resourcePath.dropFirst(1))))
    } else {
      self.init(path: resourcePath)
    }
  }

  /// Compares what the path is made of, bytewise.
  public static func == (left: RouteID, right: RouteID) -> Bool {
    left === right || (left.server == right.server && left.space == right.space)
  }

  /// Hashes the same.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(server)
    hasher.combine(space)
  }

  /// The path at which clients of 2024-11-05 open their stream; another spelling of the same resource.
  public var eventStreamPath: String { path.dropLast("mcp".utf8.count) + "sse" }

  /// The path.
  public var description: String { path }

  /// Reads a route back from its path.
  public convenience init?(path: String) {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
    guard parts.first == [], parts.last == Array("mcp".utf8) else { return nil }
    switch parts.count {
    case 3: self.init(server: ServerName(ByteString(parts[1])))
    case 5 where parts[1] == Array("t".utf8):
      self.init(space: TenantID(ByteString(parts[2])), server: ServerName(ByteString(parts[3])))
    default: return nil
    }
  }
}
