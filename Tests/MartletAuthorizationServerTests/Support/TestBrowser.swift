import MartletDomain
import StrictCoding

@testable import MartletAuthorizationServer

/// A browser's cookie jar, and the ways in which it asks.
struct TestBrowser {
  var jar: [String: String] = [:]
  var address = "192.0.2.7"

  func get(_ path: String, _ pairs: [(String, String)] = []) -> EndpointRequest {
    EndpointRequest(
      method: "GET", path: path, query: Array(FormParameters.encode(pairs).utf8), headers: headers, address: address,
      id: "r1")
  }

  /// A GET of a `Location` on our own origin.
  func follow(_ location: String) -> EndpointRequest {
    let parts = location.split(separator: "?", maxSplits: 1)
    return EndpointRequest(
      method: "GET", path: String(parts[0]), query: parts.count > 1 ? Array(parts[1].utf8) : [], headers: headers,
      address: address, id: "r2")
  }

  func post(_ path: String, _ pairs: [(String, String)]) -> EndpointRequest {
    EndpointRequest(
      method: "POST", path: path,
      headers: headers + [("content-type", "application/x-www-form-urlencoded")],
      body: Array(FormParameters.encode(pairs).utf8), address: address, id: "r3")
  }

  /// Keeps the cookies of an answer.
  mutating func keep(_ response: EndpointResponse) {
    for (name, value) in response.headers where name == "set-cookie" {
      let pair = value.split(separator: ";")[0].split(separator: "=", maxSplits: 1)
      jar[String(pair[0])] = pair.count > 1 ? String(pair[1]) : ""
    }
  }

  private var headers: [(name: String, value: String)] {
    jar.isEmpty ? [] : [("cookie", jar.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))]
  }
}

extension EndpointResponse {
  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  var location: String { header("location") ?? "" }

  /// The parameters of the `Location`.
  var answer: [String: String] {
    guard let query = location.split(separator: "?", maxSplits: 1).dropFirst().first,
      let form = try? FormParameters(parsing: query)
    else { return [:] }
    return Dictionary(form.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in "repeated:" + last })
  }

  var message: MessagePage? {
    guard case .page(let page) = body, case .message(let message) = page.content else { return nil }
    return message
  }

  var consentPage: ConsentPage? {
    guard case .page(let page) = body, case .consent(let consent) = page.content else { return nil }
    return consent
  }

  var page: Page? { if case .page(let page) = body { page } else { nil } }

  var json: JSONValue? {
    guard case .json(let bytes) = body else { return nil }
    return try? JSONReader.parse(bytes)
  }
}

extension [(String, String)] {
  /// The same parameters with one replaced, or removed.
  func with(_ name: String, _ value: String?) -> Self {
    filter { $0.0 != name } + (value.map { [(name, $0)] } ?? [])
  }
}
