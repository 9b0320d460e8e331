import StrictCoding

/// What a tool says of itself (MCP, Tool Annotations). What it leaves out is what the protocol assumes: the worse.
public struct ToolTraits: Sendable, Hashable {
  /// It changes nothing.
  public var isReadOnly = false
  /// What it changes can't be had back.
  public var isDestructive = true
  /// Doing it twice does no more than once.
  public var isIdempotent = false
  /// It reaches into the world outside.
  public var isOpenWorld = true

  /// A tool that says nothing.
  public init() {}

  /// Reads the annotations of a definition. Values of the wrong kind count as left out.
  public init(definition: JSONValue) {
    let annotations = definition["annotations"]
    func flag(_ key: String, _ assumed: Bool) -> Bool { annotations?[key]?.boolValue ?? assumed }
    isReadOnly = flag("readOnlyHint", false)
    isDestructive = flag("destructiveHint", true) && !isReadOnly
    isIdempotent = flag("idempotentHint", false)
    isOpenWorld = flag("openWorldHint", true)
  }
}

/// What a rule wants tools to say of themselves; all that is named must hold.
public struct AnnotationDemand: Sendable, Hashable {
  /// As `readOnlyHint`.
  public var isReadOnly: Bool?
  /// As `destructiveHint`; what only reads destroys nothing.
  public var isDestructive: Bool?
  /// As `idempotentHint`.
  public var isIdempotent: Bool?
  /// As `openWorldHint`.
  public var isOpenWorld: Bool?

  /// Demands.
  public init(
    isReadOnly: Bool? = nil, isDestructive: Bool? = nil, isIdempotent: Bool? = nil, isOpenWorld: Bool? = nil
  ) {
    self.isReadOnly = isReadOnly
    self.isDestructive = isDestructive
    self.isIdempotent = isIdempotent
    self.isOpenWorld = isOpenWorld
  }

  func isMet(by traits: ToolTraits) -> Bool {
    isReadOnly ?? traits.isReadOnly == traits.isReadOnly
      && isDestructive ?? traits.isDestructive == traits.isDestructive
      && isIdempotent ?? traits.isIdempotent == traits.isIdempotent
      && isOpenWorld ?? traits.isOpenWorld == traits.isOpenWorld
  }
}
