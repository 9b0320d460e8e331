/// An answer of one of our own endpoints.
public struct EndpointResponse: Sendable {
  /// What the answer consists of.
  public enum Body: Sendable {
    /// Nothing.
    case none
    /// A JSON document.
    case json([UInt8])
    /// A file that pages refer to.
    case asset(contentType: String, [UInt8])
    /// A page, rendered by the server's templates under a strict content security policy.
    case page(Page)
  }

  /// The status.
  public var status: Int
  /// Header fields beside those that the body implies; names lower case.
  public var headers: [(name: String, value: String)]
  /// The body.
  public var body: Body

  /// Describes an answer.
  public init(status: Int, headers: [(name: String, value: String)] = [], body: Body = .none) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A JSON answer.
  ///
  /// - Parameters:
  ///   - status: The status.
  ///   - bytes: The document.
  ///   - cache: The `Cache-Control` value.
  public static func json(_ status: Int, _ bytes: [UInt8], cache: String = "no-store") -> EndpointResponse {
    EndpointResponse(status: status, headers: [("cache-control", cache)], body: .json(bytes))
  }

  /// A redirect by 303, so that a form's fields are never sent on (N-04).
  public static func seeOther(_ location: String) -> EndpointResponse {
    EndpointResponse(status: 303, headers: [("location", location), ("cache-control", "no-store")])
  }

  /// A page, never cached.
  public static func page(_ status: Int, _ page: Page) -> EndpointResponse {
    EndpointResponse(status: status, headers: [("cache-control", "no-store")], body: .page(page))
  }

  /// The same answer with one more header field.
  public func adding(_ name: String, _ value: String) -> EndpointResponse {
    var copy = self
    copy.headers.append((name, value))
    return copy
  }
}
