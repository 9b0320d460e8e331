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
  /// The id to answer under: that of a request. A response has its server's, under which the client may have asked
  /// something else.
  let id: JSONRPCID?
  /// Whether there is a message, and whether it wants no answer. Kept, like the two above: each look at `message` copies
  /// it.
  let hasMessage: Bool
  let isOneWay: Bool
  /// Whether it may name tasks.
  let mayNameTasks: Bool
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
    id = message.flatMap { $0.isRequest ? $0.id : nil }
    hasMessage = message != nil
    isOneWay = message.map { !$0.isRequest } ?? false
    mayNameTasks = method.map { $0.isOfTasks || $0 == .subscriptionsListen } ?? false
    target = message?.mirroredName
  }

  var incoming: IncomingRequest { authenticated.routed.incoming }

  /// The refusal of a request that may have arrived, but whose answer is lost: a tool may have done its work all the same
  ///
  func answerLost(_ reason: String) -> Rejection {
    method == .toolsCall ? .outcomeUnknown(reason: reason, id: id) : .upstreamUnavailable(reason: reason, id: id)
  }
}

/// Body → message, era and revision. The one place that reads a body.
struct Classifier: Sendable {
  private let detection = EraDetection()

  func classify(_ request: AuthenticatedRequest, body: consuming [UInt8]) throws(Rejection) -> ClassifiedRequest {
    do throws(MCPMessageError) {
      let message = try MCPMessage.parse(body)
      let mirrored = request.routed.incoming.headers.mirrored
      let classification = try detection.classify(mirrored, message: message)
      try mirrored.validate(message, as: classification)
      return ClassifiedRequest(
        authenticated: request, message: message, bytes: body, classification: classification, mirrored: mirrored)
    } catch {
      throw .malformedMessage(error)
    }
  }

  /// A request without body: the stream or the end of a session.
  func classifyBodiless(_ request: AuthenticatedRequest) throws(Rejection) -> ClassifiedRequest {
    do throws(MCPMessageError) {
      let mirrored = request.routed.incoming.headers.mirrored
      let classification = try detection.classify(mirrored, message: nil)
      return ClassifiedRequest(
        authenticated: request, message: nil, bytes: [], classification: classification, mirrored: mirrored)
    } catch {
      throw .malformedMessage(error)
    }
  }
}

extension HeaderFields {
  /// What mirrors the body; names are lower case here.
  fileprivate var mirrored: MirroredHeaders {
    MirroredHeaders(
      version: mirror(.mcpProtocolVersion), method: mirror(.mcpMethod), name: mirror(.mcpName),
      parameters: fields(startingWith: "mcp-param-").compactMap { name, value in
        MirroredHeaders.parameterName(of: name).map { MirroredHeaders.Parameter(name: $0, value: value) }
      }, hasSessionID: count(.mcpSessionID) > 0)
  }

  private func mirror(_ field: KnownField) -> MirroredHeaders.Field {
    let (first, count) = tally(field)
    return MirroredHeaders.Field(first, count: count)
  }
}
