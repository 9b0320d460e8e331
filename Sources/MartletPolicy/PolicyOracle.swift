import MCPProtocol
import MartletDomain
import StrictCoding

/// Decides beside Martlet's own rules: what it refuses is refused. An adapter of an external engine.
public protocol PolicyOracle: Sendable {
  /// An answer that is still good, without waiting; `nil` where it has to be asked.
  func remembered(_ question: OracleQuestion) -> Bool?

  /// Asks.
  ///
  /// - Returns: Whether it is allowed.
  /// - Throws: `OracleUnavailable`; nothing is allowed then.
  func ask(_ question: OracleQuestion) async throws(OracleUnavailable) -> Bool
}

/// The engine didn't answer in time, or not in its protocol.
public struct OracleUnavailable: Error, Sendable {
  /// Says so.
  public init() {}
}

/// What an external engine is asked: one thing that one caller wants to use, or to see in a list.
///
/// There is no time and no request id in it, so that the same question has the same answer for a while.
public struct OracleQuestion: Hashable, Sendable {
  /// Whose question it is: answers are remembered for this tenant alone.
  public let tenant: TenantID
  /// The input document, in one form only.
  public let input: [UInt8]

  private init(_ question: PolicyQuestion, _ more: JSONObject) {
    let principal = question.principal
    let user: JSONValue? = question.facts.user.map { user in
      [
        "id": .string(user.id.string), "name": user.accountName.map { .string($0) } ?? .null,
        "groups": .array(user.groups.map { .string($0) }),
      ]
    }
    var input: JSONObject = [
      "tenant": .string(principal.tenant.string), "subject": .string(principal.subject.string),
      "user": user ?? .null, "client": .string(principal.client.string),
      "key": principal.key.map { .string($0.name) } ?? .null,
      "job": principal.key?.delegation.map { .string($0.jobName) } ?? .null,
      "server": .string(principal.route.server.string),
    ]
    for (key, value) in more.members { input[key] = value }
    tenant = principal.tenant
    self.input = JSONWriter.write(.object(["input": .object(input)]))
  }

  /// About what a message wants to use; nothing for what only concerns the connection.
  static func all(in message: MCPMessage, _ question: PolicyQuestion) -> [OracleQuestion] {
    guard let request = message.request else { return [] }
    let traits = { (name: ByteString) in question.facts.definitions?.tools[name]?.traits ?? ToolTraits() }
    return PolicyObject.all(in: message, traits: traits).compactMap { object in
      guard object != .connection else { return nil }
      var more = object.oracleMembers
      more["purpose"] = "call"
      more["method"] = .string(request.method.name)
      more["arguments"] = .object(request.arguments ?? JSONObject())
      return OracleQuestion(question, more)
    }
  }

  /// About showing a tool in a list.
  init(listing tool: ByteString, _ traits: ToolTraits, _ question: PolicyQuestion) {
    var more = PolicyObject.tool(tool, traits).oracleMembers
    more["purpose"] = "list"
    more["method"] = .string(MCPMethod.toolsList.name)
    self.init(question, more)
  }
}

extension PolicyQuestion {
  /// What an external engine has to be asked before this is decided.
  public var oracleQuestions: [OracleQuestion] {
    message.map { OracleQuestion.all(in: $0, self) } ?? []
  }

  /// What it has to be asked for a list: each tool that is known, by name.
  public var listQuestions: [ByteString: OracleQuestion] {
    Dictionary(
      (facts.definitions?.tools ?? [:]).map { ($0.key, OracleQuestion(listing: $0.key, $0.value.traits, self)) },
      uniquingKeysWith: { first, _ in first })
  }
}

extension PolicyObject {
  fileprivate var oracleMembers: JSONObject {
    switch self {
    case .tool(let name, let traits):
      [
        "kind": "tool", "name": .string(name.string),
        "annotations": [
          "read_only": .bool(traits.isReadOnly), "destructive": .bool(traits.isDestructive),
          "idempotent": .bool(traits.isIdempotent), "open_world": .bool(traits.isOpenWorld),
        ],
      ]
    case .prompt(let name): ["kind": "prompt", "name": .string(name.string)]
    case .resource(let name): ["kind": "resource", "name": .string(name.string)]
    case .connection, .other: ["kind": "other", "name": .null]
    }
  }
}
