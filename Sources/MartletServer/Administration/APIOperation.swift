import MartletDomain
import StrictCoding

/// What an operation answers.
struct APIAnswer: Sendable {
  let status: Int
  let body: JSONValue?

  /// A document.
  init(_ status: Int = 200, _ body: JSONValue) {
    self.status = status
    self.body = body
  }

  /// Done, and nothing to say.
  static let done = APIAnswer(status: 204)

  private init(status: Int) {
    self.status = status
    body = nil
  }

  /// An answer without a body.
  init(emptyWith status: Int) { self.init(status: status) }

  var response: EndpointResponse {
    guard let body else { return EndpointResponse(status: status, headers: [("cache-control", "no-store")]) }
    return .json(status, JSONWriter.write(body))
  }
}

/// Members of a body that stand for one another.
enum APINeed: Sendable {
  /// Exactly one of them.
  case one([String])
  /// At least one of them.
  case any([String])

  /// In JSON Schema (2020-12): the keyword and what stands behind it.
  var schema: (keyword: String, ways: JSONValue) {
    switch self {
    case .one(let names): ("oneOf", Self.ways(names))
    case .any(let names): ("anyOf", Self.ways(names))
    }
  }

  /// What is wrong with a body; `nil` where nothing is.
  func problem(in body: JSONObject) -> String? {
    switch self {
    case .one(let names):
      names.count { body[$0] != nil } == 1 ? nil : "Name one of \(names.joined(separator: ", ")), and only one."
    case .any(let names):
      names.contains { body[$0] != nil } ? nil : "Name one of \(names.joined(separator: ", "))."
    }
  }

  private static func ways(_ names: [String]) -> JSONValue {
    .array(names.map { ["required": [.string($0)]] })
  }
}

/// One operation of the admin API: what serves a request is what documents it.
struct APIOperation: Sendable {
  typealias Handler = @Sendable (APIRequest) async throws -> APIAnswer

  /// Names it: `keys.create`.
  let id: String
  /// The HTTP method, upper case.
  let method: String
  /// The path; `:name` is one segment.
  let path: String
  /// What the document calls that segment.
  let placeName: String
  /// One line on what it does.
  let summary: String
  /// Who may use it.
  let roles: Set<APIRole>
  /// What may stand in the query.
  let query: [APIField]
  /// What may stand in the body; `nil` for no body.
  let body: [APIField]?
  /// Which of the body's members it needs beside the required ones.
  let needs: APINeed?
  /// What is answered on success; without a schema, nothing but the status.
  let success: (status: Int, schema: APISchema?)
  let handler: Handler

  init(
    _ id: String, _ method: String, _ path: String, naming placeName: String = "name", _ summary: String,
    roles: Set<APIRole>, query: [APIField] = [], body: [APIField]? = nil, needs: APINeed? = nil,
    answers status: Int = 200, _ schema: APISchema? = nil, handler: @escaping Handler
  ) {
    self.id = id
    self.method = method
    self.path = path
    self.placeName = placeName
    self.summary = summary
    self.roles = roles
    self.query = query
    self.body = body
    self.needs = needs
    success = (status, schema)
    self.handler = handler
  }
}

/// What an answer looks like, in JSON Schema, under a name in the document.
struct APISchema: Sendable {
  let name: String
  let json: JSONValue

  /// An object of members that are always there.
  ///
  /// - Parameters:
  ///   - members: Name and type; `string?` may be null, `[string]` is a list.
  ///   - optional: Members that may be missing.
  ///   - nested: Members that have a schema of their own.
  init(
    _ name: String, _ members: KeyValuePairs<String, String>, optional: Set<String> = [],
    nested: [String: JSONValue] = [:]
  ) {
    self.name = name
    var properties = JSONObject()
    for (member, type) in members { properties[member] = nested[member] ?? Self.type(type) }
    json = [
      "type": "object", "properties": .object(properties), "additionalProperties": false,
      "required": .array(members.map(\.key).filter { !optional.contains($0) }.map { .string($0) }),
    ]
  }

  private init(name: String, json: JSONValue) {
    self.name = name
    self.json = json
  }

  /// The same with more members that are always there.
  func adding(_ members: KeyValuePairs<String, String>, as name: String) -> APISchema {
    let more = APISchema(name, members).json
    var object = json.objectValue ?? JSONObject()
    var properties = object["properties"]?.objectValue ?? JSONObject()
    for (member, type) in more["properties"]?.objectValue?.members ?? [] { properties[member] = type }
    object["properties"] = .object(properties)
    object["required"] = .array((object["required"]?.arrayValue ?? []) + (more["required"]?.arrayValue ?? []))
    return APISchema(name: name, json: .object(object))
  }

  /// The same, or null.
  var orNull: JSONValue {
    var object = json.objectValue ?? JSONObject()
    object["type"] = ["object", "null"]
    return .object(object)
  }

  /// A page of a list.
  init(listOf item: APISchema, as member: String) {
    name = item.name + "List"
    json = [
      "type": "object", "required": [.string(member), "next_cursor"], "additionalProperties": false,
      "properties": [member: ["type": "array", "items": item.json], "next_cursor": ["type": ["string", "null"]]],
    ]
  }

  private static func type(_ text: String) -> JSONValue {
    switch text {
    case "string?": ["type": ["string", "null"]]
    case "integer?": ["type": ["integer", "null"]]
    case "time": ["type": "string", "format": "date-time"]
    case "time?": ["type": ["string", "null"], "format": "date-time"]
    case "[string]": ["type": "array", "items": ["type": "string"]]
    case "[string]?": ["type": ["array", "null"], "items": ["type": "string"]]
    default: ["type": .string(text)]
    }
  }
}
