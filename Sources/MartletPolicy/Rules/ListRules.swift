import MartletDomain
import StrictCoding

/// What of a server's lists a caller is shown.
public struct ListRules: Sendable {
  /// What lists hold.
  public enum Kind: Sendable, CaseIterable {
    /// Tools, by name.
    case tools
    /// Prompts, by name.
    case prompts
    /// Resources, by URI.
    case resources
    /// Templates of resources, by their pattern as written.
    case resourceTemplates
  }

  private let rules: (caller: CallerPolicy, clock: any WallClock)?
  private let pins: [ByteString: [UInt8]]?
  private let key: KeyScope?
  private let shown: Set<ByteString>?

  /// - Parameters:
  ///   - rules: The rules about the caller, where they may hide something.
  ///   - pins: The definitions of tools that are trusted; `nil` where tools aren't pinned.
  ///   - key: What the caller's key is good for.
  ///   - shown: The tools that an external engine lets the caller see; `nil` where there is none.
  /// - Returns: `nil` where nothing is hidden.
  init?(
    _ rules: (caller: CallerPolicy, clock: any WallClock)?, pins: [ByteString: [UInt8]]?, key: KeyScope?,
    shown: Set<ByteString>? = nil
  ) {
    let narrows = key.map { $0.tools != nil || $0.delegatedTools != nil || $0.isReadOnly } ?? false
    guard rules != nil || narrows || shown != nil else { return nil }
    self.shown = shown
    self.rules = rules
    self.pins = pins
    self.key = narrows ? key : nil
  }

  /// Whether an element of a list may be seen; one that can't be told by name may not. A tool that was never seen is
  /// shown: before it is called, it is looked at.
  ///
  /// - Parameters:
  ///   - element: The element.
  ///   - kind: The list.
  ///   - isTrusted: Whether a pinned tool's definition has the digest that is trusted; asked for where it matters.
  public func shows(_ element: JSONValue, of kind: Kind, isTrusted: (ByteString, [UInt8]) -> Bool) -> Bool {
    guard let object = Self.object(element, of: kind) else { return false }
    if let shown, case .tool(let name, _) = object, !shown.contains(name) { return false }
    if case .tool(let name, _) = object, let trusted = pins?[name], !isTrusted(name, trusted) { return false }
    if let key, case .tool(let name, let traits) = object {
      guard key.admits(tool: name.bytes), traits.isReadOnly || !key.isReadOnly else { return false }
    }
    return rules.map { $0.caller.shows(object, at: $0.clock.now()) } ?? true
  }

  private static func object(_ element: JSONValue, of kind: Kind) -> PolicyObject? {
    func name(_ key: String) -> ByteString? { element[key]?.stringValue.map { ByteString($0) } }
    switch kind {
    case .tools: return name("name").map { .tool($0, ToolTraits(definition: element)) }
    case .prompts: return name("name").map { .prompt($0) }
    case .resources: return name("uri").map { .resource($0) }
    case .resourceTemplates: return name("uriTemplate").map { .resource($0) }
    }
  }
}
