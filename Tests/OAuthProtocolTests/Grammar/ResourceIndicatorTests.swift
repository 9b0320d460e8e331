import OAuthProtocol
import Testing

@Suite struct ResourceIndicatorTests {
  @Test(arguments: [
    ("https://host/", "https://host"), ("https://HOST", "https://host"), ("HTTPS://host:443/", "https://host"),
    ("http://host:80", "http://host"), ("https://host:8443/", "https://host:8443"),
    ("https://host/mcp/", "https://host/mcp"),
    ("https://host/mcp", "https://host/mcp"), ("https://host/MCP", "https://host/MCP"),
    ("https://host/a//", "https://host/a//"),
    ("https://host/a%2Fb", "https://host/a%2Fb"), ("https://host/mcp?x=1", "https://host/mcp?x=1"),
    ("http://127.0.0.1:8080/time/mcp/", "http://127.0.0.1:8080/time/mcp"), ("https://[::1]:443/x", "https://[::1]/x"),
  ])
  func A_04_canonicalForms(_ given: String, _ canonical: String) throws {
    let resource = try ResourceIndicator(parsing: given)
    #expect(resource.canonical == canonical)
    #expect(resource.original == given)
    #expect(try ResourceIndicator(parsing: canonical) == resource)
    #expect(Set([resource, try ResourceIndicator(parsing: canonical)]).count == 1)
  }

  @Test func A_04_differencesThatCount() throws {
    let resource = try ResourceIndicator(parsing: "https://host/mcp")
    for other in [
      "http://host/mcp", "https://host/Mcp", "https://host/mcp//", "https://host:444/mcp", "https://host/mcp?",
      "https://host/%6Dcp",
      "https://host", "https://host/mcp/x", "https://host.evil/mcp",
    ] { #expect(try ResourceIndicator(parsing: other) != resource) }
  }

  @Test(arguments: [
    "", "host/mcp", "/mcp", "urn:x", "ftp://host/", "https://host/#", "https://host/mcp#x", "https://u@host/",
    "https://host/../mcp",
    "https://host/%2e%2e/mcp", "https://host\\mcp", "https://h\u{F6}st/", "https://2130706433/", "https://host/ ",
    "https://host/\n",
  ])
  func invalidTargets(_ string: String) {
    do {
      _ = try ResourceIndicator(parsing: string)
      Issue.record("accepted \(string)")
    } catch { #expect(error.code == .invalidTarget) }
  }
}
