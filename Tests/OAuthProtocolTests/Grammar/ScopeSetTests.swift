import OAuthProtocol
import Testing

@Suite struct ScopeSetTests {
  @Test func A_03_tolerantSplitting() {
    #expect(ScopeSet(tolerant: " offline_access").tokens == ["offline_access"])
    #expect(ScopeSet(tolerant: "b  a b ").string == "b a")
    #expect(ScopeSet(tolerant: nil).isEmpty)
    #expect(ScopeSet(tolerant: "a \"b\" c\\d e\u{E9} f\ng \t h").tokens == ["a", "h"])
    #expect(ScopeSet(tolerant: String(repeating: " ", count: 1_000_000)).isEmpty)
    #expect(ScopeSet(tolerant: (0..<1000).map { "s\($0)" }.joined(separator: " ")).count == 256)
  }

  @Test func algebra() {
    let one: ScopeSet = ["a", "b"]
    let two: ScopeSet = ["b", "c"]
    #expect(one.union(two).string == "a b c")
    #expect(one.intersection(two).string == "b")
    #expect(one.subtracting(two).string == "a")
    #expect(ScopeSet(["b"]).isSubset(of: one))
    #expect(!two.isSubset(of: one))
    #expect(ScopeSet().isSubset(of: one))
    #expect(one.contains("a") && !one.contains("A") && !one.contains("") && !one.contains("a b"))
  }
}
