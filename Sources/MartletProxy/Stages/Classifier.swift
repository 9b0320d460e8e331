import HTTPWire
import MCPProtocol
import MartletDomain

/// A request whose message was read once, strictly, and whose era is settled.
/// Immutable; a class, so that the stages pass it on without copying what it holds.
final class ClassifiedRequest: Sendable {
  let authenticated: AuthenticatedRequest
  /// The message; `nil` for GET and DELETE.
  let message: MCPMessage?
  /// The very bytes that were accepted; unambiguous, so they may go on as they are (V-028).
  let bytes: [UInt8]
  let classification: EraClassification
  let mirrored: MirroredHeaders
  /// The message's method, where it has one.
  let method: MCPMethod?
  /// The message's id, where it has one.
  let id: JSONRPCID?
  /// Whether there is a message, and whether it wants no answer. Kept, like the two above: each look at `message` copies
  /// it.
  let hasMessage: Bool
  let isOneWay: Bool
  /// What the message is about: the name of a tool or prompt, the URI of a resource.
  let target: String?

  init(
    authenticated: AuthenticatedRequest, message: MCPMessage?, bytes: [UInt8], classification: EraClassification,
    mirrored: MirroredHeaders
  ) {
    self.authenticated = authenticated
    self.message = message
    self.bytes = bytes
    self.classification = classification
    self.mirrored = mirrored
    method = message?.method
    id = message?.id
    hasMessage = message != nil
    let request = message?.request
    isOneWay = message != nil && request == nil
    target = request?.mirroredName
  }

  var incoming: IncomingRequest { authenticated.routed.incoming }
}

/// Body → message, era and revision. The one place that reads a body.
struct Classifier: Sendable {
  private let detection = EraDetection()

  func classify(_ request: AuthenticatedRequest, body: [UInt8]) throws(Rejection) -> ClassifiedRequest {
    do throws(MCPMessageError) {
      return try classify(request, message: try MCPMessage.parse(body), bytes: body)
    } catch {
      throw .malformedMessage(error)
    }
  }

  /// A request without body: the stream or the end of a session.
  func classifyBodiless(_ request: AuthenticatedRequest) throws(Rejection) -> ClassifiedRequest {
    do throws(MCPMessageError) { return try classify(request, message: nil, bytes: []) } catch {
      throw .malformedMessage(error)
    }
  }

  private func classify(_ request: AuthenticatedRequest, message: MCPMessage?, bytes: [UInt8]) throws(MCPMessageError)
    -> ClassifiedRequest
  {
    let mirrored = MirroredHeaders(request.routed.incoming.headers)
    let classification = try detection.classify(mirrored, message: message)
    if let message { try mirrored.validate(message, as: classification) }
    return ClassifiedRequest(
      authenticated: request, message: message, bytes: bytes, classification: classification, mirrored: mirrored)
  }
}

extension MirroredHeaders {
  /// Picks them from a request's fields, whose names are lower case.
  fileprivate init(_ headers: HeaderFields) {
    self.init(
      version: Field(headers, .mcpProtocolVersion), method: Field(headers, .mcpMethod), name: Field(headers, .mcpName),
      parameters: headers.fields(startingWith: "mcp-param-").compactMap { name, value in
        Self.parameterName(of: name).map { Parameter(name: $0, value: value) }
      }, hasSessionID: headers.count(.mcpSessionID) > 0)
  }
}

extension MirroredHeaders.Field {
  fileprivate init(_ headers: HeaderFields, _ field: KnownField) {
    self.init(headers.first(field), count: headers.count(field))
  }
}
