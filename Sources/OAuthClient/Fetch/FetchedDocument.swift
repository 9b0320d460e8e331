import StrictCoding

/// A complete HTTP answer within the limits of its fetch.
public struct FetchedDocument: Sendable {
  /// The HTTP status code.
  public let status: Int
  /// The header fields in wire order.
  public let headers: [(name: String, value: String)]
  /// The body as it came, never decompressed.
  public let body: [UInt8]

  /// Creates an answer; tests and other `DocumentFetching` implementations need this.
  public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The value of a header field that came exactly once.
  ///
  /// - Parameter name: Lower-case ASCII.
  /// - Returns: Nil where the field is absent or repeated.
  public func header(_ name: String) -> String? {
    let matches = headers.filter { ASCIICase.lowercased($0.name.utf8) == Array(name.utf8) }
    return matches.count == 1 ? matches.first?.value : nil
  }

  /// The media type without parameters, in lower case.
  public var mediaType: String? {
    guard let value = header("content-type") else { return nil }
    let essence = value.utf8.prefix { $0 != UInt8(ascii: ";") }
    return String(decoding: ASCIICase.lowercased(ASCII.trimmed(essence)), as: UTF8.self)
  }

  /// Whether the answer calls itself JSON: `application/json` or a `+json` type.
  public var isJSON: Bool {
    guard let mediaType else { return false }
    return mediaType.utf8.elementsEqual("application/json".utf8)
      || (mediaType.utf8.starts(with: "application/".utf8) && mediaType.utf8.reversed().starts(with: "nosj+".utf8))
  }

  /// Parses the body of a 200 answer as a JSON object.
  ///
  /// - Parameter requireJSONType: Whether `Content-Type` must say JSON, too.
  /// - Returns: The object.
  /// - Throws: `.unexpectedStatus` or `.notJSON`.
  public func jsonObject(requireJSONType: Bool = true) throws(FetchError) -> JSONValue {
    guard status == 200 else { throw .unexpectedStatus(status) }
    if requireJSONType, !isJSON { throw .notJSON("content type") }
    do {
      let value = try JSONReader.parse(body, limits: .metadata)
      guard case .object = value else { throw FetchError.notJSON("not an object") }
      return value
    } catch let error as FetchError {
      throw error
    } catch {
      throw .notJSON("syntax")
    }
  }
}
