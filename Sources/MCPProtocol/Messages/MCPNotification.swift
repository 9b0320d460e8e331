import StrictCoding

/// A JSON-RPC notification: nothing answers it.
public struct MCPNotification: Sendable, Equatable {
  /// What is told.
  public let method: MCPMethod
  private let view: JSONObjectView
  private let parameters: JSONObjectView?

  /// Makes a notification to send.
  public init(method: MCPMethod, params: JSONObject? = nil) {
    var object: JSONObject = ["jsonrpc": "2.0", "method": .string(method.name)]
    object["params"] = params.map { .object($0) }
    self.init(method: method, view: JSONObjectView(object))
  }

  init(method: MCPMethod, view: JSONObjectView) {
    self.method = method
    self.view = view
    parameters = view.object("params")
  }

  /// The parameters, or nil where there are none; built anew each time.
  public var params: JSONObject? { parameters?.tree }

  /// One parameter, or nil; the others aren't built.
  public func parameter(_ name: String) -> JSONValue? { parameters?[name] }

  /// The whole message; built anew each time.
  public var object: JSONObject { view.tree }

  /// The notification's `_meta`; empty where there is none.
  public var metadata: RequestMetadata {
    RequestMetadata(parameters?.object("_meta") ?? JSONObjectView(JSONObject()))
  }

  /// Which request `notifications/cancelled` ends.
  public var cancelledRequestID: JSONRPCID? {
    method == .cancelled ? JSONRPCID(request: parameters?["requestId"]) : nil
  }

  /// Which token `notifications/progress` reports under.
  public var progressToken: JSONRPCID? {
    method == .progress ? JSONRPCID(request: parameters?[MetadataKey.progressToken]) : nil
  }

  /// Compares what they say, not how it was written.
  public static func == (lhs: MCPNotification, rhs: MCPNotification) -> Bool { lhs.object == rhs.object }

  /// The message as JSON.
  public func encoded() -> [UInt8] {
    JSONWriter.write(.object(object))
  }
}
