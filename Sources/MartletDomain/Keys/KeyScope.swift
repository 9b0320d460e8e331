/// What a key is good for. It never grows: another scope is another key.
public struct KeyScope: Hashable, Sendable {
  /// The servers that it opens; `nil` for every server that its owner may have.
  public var servers: Set<ServerName>?
  /// The tools that it may call, by name; `nil` for all.
  public var tools: [ToolPattern]?
  /// Whether it may only call tools that change nothing.
  public var isReadOnly: Bool
  /// The address ranges that it may be used from, as `192.0.2.0/24`; `nil` for any.
  public var addresses: [String]?

  /// The tools of the delegation under which the key acts, which have to admit a tool too; not a part of the key.
  public var delegatedTools: [ToolPattern]?

  /// Describes a scope; without arguments, everything that the owner may do.
  public init(
    servers: Set<ServerName>? = nil, tools: [ToolPattern]? = nil, isReadOnly: Bool = false, addresses: [String]? = nil
  ) {
    self.servers = servers
    self.tools = tools
    self.isReadOnly = isReadOnly
    self.addresses = addresses
  }

  /// The scope within a delegation: what both admit.
  public func within(_ delegation: Delegation) -> KeyScope {
    var scope = self
    scope.servers = servers.map { $0.intersection(delegation.servers) } ?? delegation.servers
    scope.delegatedTools = delegation.tools
    return scope
  }

  /// Whether a server may be reached.
  public func admits(server: ServerName) -> Bool { servers?.contains(server) ?? true }

  /// Whether a tool of that name may be called; what the tool does (`isReadOnly`) is another question.
  public func admits(tool name: some Collection<UInt8>) -> Bool {
    [tools, delegatedTools].allSatisfy { $0?.contains { $0.matches(name) } ?? true }
  }
}
