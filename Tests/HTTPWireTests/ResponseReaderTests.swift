import HTTPWire
import Testing

@Suite struct ResponseReaderTests {
  @Test(arguments: ResponseCorpus.all)
  func V_082_eachCaseHasItsVerdict(_ one: WireCase) {
    #expect(WireCase.verdict(of: Ours.responses([one.bytes])) == one.verdict)
  }

  @Test(arguments: ResponseCorpus.all)
  func V_082_cutsDontMatter(_ one: WireCase) {
    let whole = Ours.responses([one.bytes])
    let stride = one.bytes.count <= 400 ? 1 : one.bytes.count / 150
    for cut in Swift.stride(from: 0, through: one.bytes.count, by: stride) {
      #expect(Ours.responses([Array(one.bytes[..<cut]), Array(one.bytes[cut...])]) == whole, "cut at \(cut)")
    }
    if one.bytes.count <= 2000 { #expect(Ours.responses(one.bytes.map { [$0] }) == whole, "byte by byte") }
  }

  @Test func anAnswerMayEndWithItsConnection() {
    let bytes = Array("HTTP/1.1 200 OK\r\n\r\nhi".utf8)
    #expect(Ours.responses([bytes], closes: true).complete.map(\.body) == [Array("hi".utf8)])
    let cut = Array("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi".utf8)
    #expect(Ours.responses([cut], closes: true).complete.isEmpty)
  }
}
