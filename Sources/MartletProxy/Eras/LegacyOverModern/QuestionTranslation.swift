import MCPProtocol
import StrictCoding

/// A modern server's question → a legacy server's request.
struct QuestionTranslation: Sendable {
  /// A request to the client, and what has to be remembered of it.
  struct Request: Sendable {
    let message: MCPRequest
    /// The elicitation that the client is told of when it is done; 2025-11-25 only.
    let elicitation: String?
  }

  let client: LegacyClientProfile

  /// Translates.
  ///
  /// - Parameters:
  ///   - id: Ours, unguessable.
  ///   - elicitation: The id of an elicitation by URL, which the modern era doesn't have.
  /// - Throws: `-32600`, naming what the client did not declare.
  func legacy(_ question: InputRequired.Question, id: JSONRPCID, elicitation: String) throws(MCPMessageError)
    -> Request
  {
    switch question.method {
    case .elicitationCreate: return try elicit(question, id, elicitation)
    case .samplingCreateMessage:
      let sampling = try declared("sampling")
      let wantsTools = question.params?["tools"] != nil || question.params?["toolChoice"] != nil
      if wantsTools, sampling["tools"] == nil { throw Self.undeclared("sampling.tools") }
      return Request(message: MCPRequest(id: id, method: question.method, params: sampled(question)), elicitation: nil)
    case .rootsList: _ = try declared("roots")
    default:
      throw MCPMessageError(
        .invalidRequest,
        "The server asked the client for \(question.method), which \(client.revision.rawValue) doesn't have.")
    }
    return Request(message: MCPRequest(id: id, method: question.method, params: question.params), elicitation: nil)
  }

  /// Before 2025-11-25 a message has one block of content: several become messages of their own.
  private func sampled(_ question: InputRequired.Question) -> JSONObject? {
    guard client.revision < .v20251125, var params = question.params, let messages = params["messages"]?.arrayValue
    else { return question.params }
    let content = ContentTranslation(revision: client.revision)
    params["messages"] = .array(
      messages.flatMap { message -> [JSONValue] in
        guard var object = message.objectValue, let blocks = object["content"] else { return [message] }
        return (blocks.arrayValue ?? [blocks]).map { block in
          object["content"] = content.legacy(block)
          return .object(object)
        }
      })
    return params
  }

  private func elicit(_ question: InputRequired.Question, _ id: JSONRPCID, _ elicitation: String)
    throws(MCPMessageError) -> Request
  {
    let declared = try declared("elicitation")
    var params = question.params ?? JSONObject()
    let isURL = params["mode"]?.stringValue?.equalsBytewise("url") ?? false
    if isURL {
      if declared["url"] == nil { throw Self.undeclared("elicitation.url") }
      params["elicitationId"] = .string(elicitation)
    } else {
      // Nothing inside means forms, as it did before there were pages.
      if !declared.isEmpty, declared["form"] == nil, declared["url"] != nil {
        throw Self.undeclared("elicitation.form")
      }
      if client.revision < .v20251125 { params["mode"] = nil }
    }
    return Request(
      message: MCPRequest(id: id, method: .elicitationCreate, params: params),
      elicitation: isURL && client.revision >= .v20251125 ? elicitation : nil)
  }

  private func declared(_ capability: String) throws(MCPMessageError) -> JSONObject {
    guard let value = client.capabilities[capability], !value.isNull else { throw Self.undeclared(capability) }
    return value.objectValue ?? JSONObject()
  }

  private static func undeclared(_ capability: String) -> MCPMessageError {
    MCPMessageError(
      .invalidRequest, "The server asked for \(capability), which this client did not declare when it initialized.")
  }
}
