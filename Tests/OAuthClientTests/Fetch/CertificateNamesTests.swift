import Testing

@testable import OAuthClient

@Suite struct CertificateNamesTests {
  @Test(arguments: [
    ("a.example", "a.example", true), ("A.example", "a.EXAMPLE", true), ("a.example", "a.example.", true),
    ("*.example.com", "a.example.com", true), ("*.example.com", "example.com", false),
    ("*.example.com", "a.b.example.com", false),
    ("*.com", "example.com", false), ("*", "example", false), ("a*.example.com", "ab.example.com", false),
    ("a.example", "b.a.example", false), ("b.a.example", "a.example", false), ("", "", false), ("", "a.example", false),
    ("*.example.com", ".example.com", false),
  ])
  func names(pattern: String, host: String, isMatch: Bool) {
    #expect(CertificateNames.matches(pattern: Array(pattern.utf8), host: Array(host.utf8)) == isMatch)
  }
}
