import StrictCoding

/// The body of a JSON-RPC error response.
public enum JSONRPCErrorBody {
  /// Encodes an error response.
  ///
  /// - Parameters:
  ///   - id: The id of the request, echoed; `.null` or nil where it couldn't be read.
  ///   - code: The error's code.
  ///   - message: One sentence that is safe to show to the client.
  ///   - data: More for programs, or nil.
  public static func encode(
    id: JSONRPCID?, code: JSONRPCErrorCode, message: String, data: JSONValue? = nil
  ) -> [UInt8] {
    JSONWriter.write(.object(object(id: id, code: code, message: message, data: data)))
  }

  /// The same as a JSON object.
  public static func object(
    id: JSONRPCID?, code: JSONRPCErrorCode, message: String, data: JSONValue? = nil
  ) -> JSONObject {
    var error: JSONObject = ["code": .integer(code.rawValue), "message": .string(message)]
    error["data"] = data
    return ["jsonrpc": "2.0", "id": (id ?? .null).json, "error": .object(error)]
  }
}
