import StrictCoding

/// A JSON-RPC notification: nothing answers it.
public struct MCPNotification: Sendable, Equatable {
  /// What is told.
  public let method: MCPMethod
  /// The parameters, or nil where there are none.
  public let params: JSONObject?
  /// The whole message.
  public let object: JSONObject

  /// Makes a notification to send.
  public init(method: MCPMethod, params: JSONObject? = nil) {
    self.method = method
    self.params = params
    var object: JSONObject = ["jsonrpc": "2.0", "method": .string(method.name)]
    object["params"] = params.map { .object($0) }
    self.object = object
  }

  init(method: MCPMethod, params: JSONObject?, object: JSONObject) {
    self.method = method
    self.params = params
    self.object = object
  }

  /// The notification's `_meta`; empty where there is none.
  public var metadata: RequestMetadata {
    RequestMetadata(params?["_meta"]?.objectValue ?? JSONObject())
  }

  /// Which request `notifications/cancelled` ends.
  public var cancelledRequestID: JSONRPCID? {
    method == .cancelled ? JSONRPCID(request: params?["requestId"]) : nil
  }

  /// Which token `notifications/progress` reports under.
  public var progressToken: JSONRPCID? {
    method == .progress ? JSONRPCID(request: params?[MetadataKey.progressToken]) : nil
  }

  /// The message as JSON.
  public func encoded() -> [UInt8] {
    JSONWriter.write(.object(object))
  }
}
