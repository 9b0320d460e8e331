import OAuthProtocol
import StrictCoding

/// A request to one of our own endpoints, read whole.
public struct EndpointRequest: Sendable {
  /// The method, upper case.
  public var method: String
  /// The path, without query, as sent.
  public var path: String
  /// The query, without `?`, as sent.
  public var query: [UInt8]
  /// Header fields in order; names lower case.
  public var headers: [(name: String, value: String)]
  /// The body, bounded by the listener.
  public var body: [UInt8]
  /// Where it came from, after trusted proxies were accounted for.
  public var address: String
  /// Its id.
  public var id: RequestID

  /// Describes a request.
  public init(
    method: String, path: String, query: [UInt8] = [], headers: [(name: String, value: String)] = [],
    body: [UInt8] = [], address: String = "127.0.0.1", id: RequestID
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.address = address
    self.id = id
  }

  /// Every value of a header field, in order.
  ///
  /// - Parameter name: Lower case.
  public func values(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

  /// The value of a header field that came exactly once.
  public func header(_ name: String) -> String? {
    let all = values(name)
    return all.count == 1 ? all[0] : nil
  }

  /// The cookie of that name, when it came exactly once.
  public func cookie(_ name: String) -> [UInt8]? {
    let wanted = Array(name.utf8)
    let found = cookies.filter { $0.name == wanted }
    return found.count == 1 ? found[0].value : nil
  }

  /// Every cookie, in order.
  public var cookies: [(name: [UInt8], value: [UInt8])] {
    values("cookie").flatMap { $0.utf8.split(separator: UInt8(ascii: ";")) }.compactMap { pair in
      let trimmed = pair.drop { $0 == UInt8(ascii: " ") }
      guard let equals = trimmed.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      return (Array(trimmed[..<equals]), Array(trimmed[trimmed.index(after: equals)...]))
    }
  }
}
