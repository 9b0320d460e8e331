import StrictCoding

/// Why a message was refused, ready to be answered.
public struct MCPMessageError: Error, Sendable, Equatable {
  /// The JSON-RPC code.
  public let code: JSONRPCErrorCode
  /// A sentence that is safe to show to the client; it holds nothing of the request.
  public let message: String
  /// The request's id, where it could be read; the answer must echo it.
  public let id: JSONRPCID?
  /// The error's `data`, where the protocol asks for some.
  public let data: JSONValue?
  /// What the JSON reader found, where it was the one to refuse.
  public let syntax: JSONError?

  /// Makes an error.
  public init(
    _ code: JSONRPCErrorCode, _ message: String, id: JSONRPCID? = nil, data: JSONValue? = nil,
    syntax: JSONError? = nil
  ) {
    self.code = code
    self.message = message
    self.id = id
    self.data = data
    self.syntax = syntax
  }

  /// The HTTP status that goes with it: 404 for an unknown method of the modern era, 413 for a body too long, else 400.
  public var httpStatus: Int {
    if code == .methodNotFound { return 404 }
    return syntax?.code == .tooLong ? 413 : 400
  }

  /// The JSON-RPC error response.
  public var body: [UInt8] {
    JSONRPCErrorBody.encode(id: id, code: code, message: message, data: data)
  }

  /// The same, in answer to a message.
  func answering(_ id: JSONRPCID?) -> MCPMessageError {
    MCPMessageError(code, message, id: id, data: data, syntax: syntax)
  }

  static func invalidRequest(_ message: String, id: JSONRPCID? = nil) -> MCPMessageError {
    MCPMessageError(.invalidRequest, message, id: id)
  }

  static func invalidParams(_ message: String, id: JSONRPCID? = nil) -> MCPMessageError {
    MCPMessageError(.invalidParams, message, id: id)
  }

  /// Text that other readers might still take for JSON is an invalid request; anything else is a parse error.
  init(_ error: JSONError) {
    switch error.code {
    case .duplicateKey, .byteOrderMark: self.init(.invalidRequest, error.description, syntax: error)
    default: self.init(error.isLimit ? .invalidRequest : .parseError, error.description, syntax: error)
    }
  }
}
