import StrictCoding

/// A JSON-RPC response.
public struct MCPResponse: Sendable, Equatable {
  /// How a request ended.
  public enum Outcome: Sendable, Equatable {
    /// It was answered.
    case result(JSONValue)
    /// It failed.
    case error(Failure)
  }

  /// The error that a response carries; written by the other side, so not safe to show as one's own.
  public struct Failure: Sendable, Equatable {
    /// The error's code.
    public let code: JSONRPCErrorCode
    /// The error's message.
    public let message: String
    /// More for programs, or nil.
    public let data: JSONValue?

    /// Makes a failure.
    public init(code: JSONRPCErrorCode, message: String, data: JSONValue? = nil) {
      self.code = code
      self.message = message
      self.data = data
    }
  }

  /// The id of the request; `.null` only in errors.
  public let id: JSONRPCID
  /// How the request ended.
  public let outcome: Outcome
  /// The whole message.
  public let object: JSONObject

  /// Makes a response to send.
  public init(id: JSONRPCID, outcome: Outcome) {
    self.id = id
    self.outcome = outcome
    switch outcome {
    case .result(let result): object = ["jsonrpc": "2.0", "id": id.json, "result": result]
    case .error(let failure):
      object = JSONRPCErrorBody.object(id: id, code: failure.code, message: failure.message, data: failure.data)
    }
  }

  init(id: JSONRPCID, outcome: Outcome, object: JSONObject) {
    self.id = id
    self.outcome = outcome
    self.object = object
  }

  /// The result, where there is one.
  public var result: JSONValue? {
    if case .result(let value) = outcome { value } else { nil }
  }

  /// The failure, where there is one.
  public var failure: Failure? {
    if case .error(let failure) = outcome { failure } else { nil }
  }

  /// The same response under another id.
  public func replacing(id: JSONRPCID) -> MCPResponse {
    var object = object
    object["id"] = id.json
    return MCPResponse(id: id, outcome: outcome, object: object)
  }

  /// The message as JSON.
  public func encoded() -> [UInt8] {
    JSONWriter.write(.object(object))
  }
}
