import StrictCoding

/// The OpenAPI 3.1 document of the admin API, made of the declarations that serve it.
struct OpenAPIDocument {
  let operations: [APIOperation]

  var json: JSONValue {
    var paths = JSONObject()
    for operation in operations {
      let path = Self.template(operation)
      var item = paths[path]?.objectValue ?? JSONObject()
      item[ASCIICase.lowercased(operation.method)] = Self.describe(operation)
      paths[path] = .object(item)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Martlet admin API", "version": "1",
        "description": "Everything that the command line does, for scripts. Bearers come from `martlet admin token`.",
      ],
      "security": [["bearer": []]], "paths": .object(paths),
      "components": [
        "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer"]],
        "schemas": .object(schemas),
      ],
    ]
  }

  private var schemas: JSONObject {
    var found = JSONObject()
    for schema in operations.compactMap(\.success.schema) { found[schema.name] = schema.json }
    found["Problem"] = APISchema("Problem", ["error": "string", "error_description": "string"]).json
    return found
  }

  private static func template(_ operation: APIOperation) -> String {
    operation.path.split(separator: "/", omittingEmptySubsequences: false)
      .map { $0.utf8.first == UInt8(ascii: ":") ? "{\(operation.placeName)}" : String($0) }.joined(separator: "/")
  }

  private static func describe(_ operation: APIOperation) -> JSONValue {
    var parameters: [JSONValue] = operation.query.map { field in
      [
        "name": .string(field.name), "in": "query", "required": .bool(field.isRequired),
        "description": .string(field.words), "schema": field.schema,
      ]
    }
    if operation.path.utf8.contains(UInt8(ascii: ":")) {
      parameters.append([
        "name": .string(operation.placeName), "in": "path", "required": true,
        "schema": ["type": "string", "pattern": "^[A-Za-z0-9._~-]+$"],
      ])
    }
    if operation.method.utf8.elementsEqual("POST".utf8) {
      parameters.append([
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Sent again with the same key within a day, the request is answered again and not repeated.",
        "schema": ["type": "string", "pattern": "^[\\x21-\\x7E]{1,255}$"],
      ])
    }
    var described: JSONObject = [
      "operationId": .string(operation.id), "summary": .string(operation.summary),
      "description": .string("Roles: " + operation.roles.map(\.rawValue).sorted().joined(separator: ", ") + "."),
      "x-martlet-roles": .array(operation.roles.map(\.rawValue).sorted().map { .string($0) }),
      "responses": .object(responses(operation)),
    ]
    if !parameters.isEmpty { described["parameters"] = .array(parameters) }
    if let body = operation.body { described["requestBody"] = requestBody(body, operation.needs) }
    return .object(described)
  }

  private static func requestBody(_ fields: [APIField], _ needs: APINeed?) -> JSONValue {
    var properties = JSONObject()
    for field in fields { properties[field.name] = field.schema }
    let required = fields.filter(\.isRequired).map { JSONValue.string($0.name) }
    var schema: JSONObject = [
      "type": "object", "properties": .object(properties), "additionalProperties": false,
    ]
    if !required.isEmpty { schema["required"] = .array(required) }
    if let needs { schema[needs.schema.keyword] = needs.schema.ways }
    return [
      "required": .bool(!required.isEmpty || needs != nil),
      "content": ["application/json": ["schema": .object(schema)]],
    ]
  }

  private static func responses(_ operation: APIOperation) -> JSONObject {
    var success: JSONObject = ["description": "Done."]
    if let schema = operation.success.schema {
      success["content"] = content("#/components/schemas/\(schema.name)")
    }
    var answers: JSONObject = [String(operation.success.status): .object(success)]
    var refusals: [(Int, String)] = [
      (400, "The request can't be meant."), (401, "No bearer, or one that isn't accepted."),
      (403, "The role may not do this."),
      (404, "There is no such thing, or it isn't the caller's to see."),
      (409, "It contradicts itself, or what stands."),
      (414, "The path and query are too long."), (429, "Too many wrong bearers came from this network."),
      (503, "The store is not available."),
    ]
    if operation.body != nil {
      refusals += [(413, "The body is too large."), (415, "The body isn't JSON by its type.")]
    }
    for (status, words) in refusals.sorted(by: { $0.0 < $1.0 }) {
      answers[String(status)] = ["description": .string(words), "content": content("#/components/schemas/Problem")]
    }
    return answers
  }

  private static func content(_ reference: String) -> JSONValue {
    ["application/json": ["schema": ["$ref": .string(reference)]]]
  }
}
