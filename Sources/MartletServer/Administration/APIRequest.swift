import MartletDomain
import MartletIdentity
import StrictCoding

/// A request whose caller is proven and whose fields are checked.
struct APIRequest: Sendable {
  let caller: APICaller
  /// The segment of the path that the operation declares as `:name`.
  let name: String
  let id: RequestID
  let address: String
  private let values: JSONObject

  /// Checks query and body against what the operation declares: nothing unknown, nothing twice, nothing missing.
  init(_ request: EndpointRequest, name: String, caller: APICaller, of operation: APIOperation) throws(APIProblem) {
    self.caller = caller
    self.name = name
    id = request.id
    address = request.address
    var values = try Self.query(request, operation.query)
    let body = try Self.body(request, operation)
    if let problem = operation.needs?.problem(in: body) { throw .invalid(problem) }
    for (key, value) in body.members { values[key] = value }
    self.values = values
  }

  /// Who asks, for the trail.
  var asker: Asker { Asker(subject: caller.subject, request: id, address: address) }

  func text(_ field: String) -> String? { values[field]?.stringValue }

  func texts(_ field: String) -> [String]? { values[field]?.arrayValue?.compactMap(\.stringValue) }

  func object(_ field: String) -> JSONValue? { values[field] }

  func flag(_ field: String) -> Bool { values[field]?.boolValue ?? false }

  func count(_ field: String) -> Int? { values[field]?.int64Value.map { Int($0) } }

  func duration(_ field: String) -> Duration? { text(field).flatMap { DurationText.parse($0) } }

  private static func query(_ request: EndpointRequest, _ fields: [APIField]) throws(APIProblem) -> JSONObject {
    guard let form = try? FormParameters(parsing: request.query) else { throw .invalid("The query can't be read.") }
    var object = JSONObject()
    for parameter in form.parameters {
      guard object[parameter.name] == nil else { throw .invalid("A query parameter comes twice.") }
      guard let field = fields.first(where: { $0.name.equalsBytewise(parameter.name) }) else {
        throw .invalid("There is no query parameter \(PlainText.sanitized(parameter.name, limit: 40)) here.")
      }
      object[parameter.name] = field.value(ofQuery: parameter.value)
    }
    return try check(object, fields, place: "query parameter")
  }

  private static func body(_ request: EndpointRequest, _ operation: APIOperation) throws(APIProblem) -> JSONObject {
    guard let fields = operation.body else {
      if request.body.isEmpty { return JSONObject() }
      throw .invalid("This operation takes no body.")
    }
    if request.body.isEmpty { return try check(JSONObject(), fields, place: "member") }
    guard MediaType.isJSON(request.header("content-type")) else {
      throw APIProblem(415, "unsupported_media_type", "Send one JSON object with Content-Type: application/json.")
    }
    guard let object = (try? JSONReader.parse(request.body))?.objectValue else {
      throw .invalid("The body is not one JSON object, or has a member twice.")
    }
    return try check(object, fields, place: "member")
  }

  private static func check(
    _ object: JSONObject, _ fields: [APIField], place: String
  ) throws(APIProblem) -> JSONObject {
    for (key, value) in object.members {
      guard let field = fields.first(where: { $0.name.equalsBytewise(key) }) else {
        throw .invalid("There is no \(place) \(PlainText.sanitized(key, limit: 40)) here; see /api/openapi.json.")
      }
      guard field.accepts(value) else {
        throw .invalid("The \(place) \(field.name) can't be that: \(field.words)")
      }
    }
    for field in fields where field.isRequired && object[field.name] == nil {
      throw .invalid("The \(place) \(field.name) is missing: \(field.words)")
    }
    return object
  }
}

extension APIField {
  /// A query has text only.
  fileprivate func value(ofQuery text: String) -> JSONValue {
    switch kind {
    case .count: JSONNumber(literal: text).map { .number($0) } ?? .string(text)
    case .flag:
      text.utf8.elementsEqual("true".utf8) ? true : text.utf8.elementsEqual("false".utf8) ? false : .string(text)
    default: .string(text)
    }
  }
}
