import HTTPWire
import MartletTestSupport
import NIOHTTP1
import Testing

/// NIOHTTP1 as the oracle: what ours accepts, it accepts too and understands alike; where ours is stricter stands in
/// ``StricterThanNIO``.
@Suite struct DifferentialMutationTests {
  static let tokens = [
    "\r\n", "\n", "\r", " ", "\t", ":", ";", ",", "0", "5", "\r\n\r\n", "Content-Length: 5\r\n", "Content-Length: ",
    "Transfer-Encoding: chunked\r\n", "Transfer-Encoding:", "chunked", "Connection: close\r\n", "0\r\n\r\n",
    "5\r\nhello\r\n", "GET / HTTP/1.1\r\n", "HTTP/1.0", "_", "#", "x: y\r\n", "\u{7F}", "Host: b\r\n", "100", "204",
  ]

  /// Seeds: what is whole, and small enough to be broken in interesting places.
  static let requestSeeds = seeds(of: RequestCorpus.all)
  static let responseSeeds = seeds(of: ResponseCorpus.all)

  /// Each second one is good.
  private static func seeds(of corpus: [WireCase]) -> [[UInt8]] {
    let small = corpus.filter { $0.bytes.count < 300 }
    let good = small.filter { if case .refused = $0.verdict { false } else { true } }
    return small.indices.flatMap { [small[$0].bytes, good[$0 % good.count].bytes] }
  }

  @Test func V_082_S_18_theCorpusIsUnderstoodAlike() {
    for one in RequestCorpus.all { compareRequests(one.bytes, one.name) }
    for one in ResponseCorpus.all { compareResponses(one.bytes, one.name) }
  }

  @Test(arguments: 0..<8)
  func V_082_S_18_mutantRequestsAreUnderstoodAlike(part: Int) {
    var mutator = Mutator(seed: UInt64(8200 + part), tokens: Self.tokens)
    var accepted = 0
    for index in 0..<CaseCount.of("V-082", reduced: 1500, full: 60_000) {
      let mutant = mutator.mutate(Self.requestSeeds[index % Self.requestSeeds.count])
      if compareRequests(mutant, "seed \(part), case \(index)") { accepted += 1 }
    }
    #expect(accepted > 50)
  }

  @Test(arguments: 0..<4)
  func V_082_mutantAnswersAreUnderstoodAlike(part: Int) {
    var mutator = Mutator(seed: UInt64(8300 + part), tokens: Self.tokens)
    var accepted = 0
    for index in 0..<CaseCount.of("V-082", reduced: 1000, full: 40_000) {
      let mutant = mutator.mutate(Self.responseSeeds[index % Self.responseSeeds.count])
      if compareResponses(mutant, "seed \(part), case \(index)") { accepted += 1 }
    }
    #expect(accepted > 10)
  }

  /// However a mutant is cut, ours says the same.
  @Test(arguments: 0..<4)
  func V_082_mutantsMayBeCutAnywhere(part: Int) {
    var mutator = Mutator(seed: UInt64(8400 + part), tokens: Self.tokens)
    for index in 0..<CaseCount.of("V-082", reduced: 400, full: 15_000) {
      let mutant = mutator.mutate(Self.requestSeeds[index % Self.requestSeeds.count])
      let cut = Int.random(in: 0...mutant.count, using: &mutator.generator)
      let whole = Ours.requests([mutant])
      #expect(Ours.requests([Array(mutant[..<cut]), Array(mutant[cut...])]) == whole, "\(quoted(mutant)) at \(cut)")
      #expect(Ours.requests(mutant.map { [$0] }) == whole, "\(quoted(mutant)) byte by byte")
    }
  }

  @discardableResult
  private func compareRequests(_ bytes: [UInt8], _ name: String) -> Bool {
    let ours = Ours.requests([bytes])
    let theirs = NIOOracle.requests(bytes)
    compare(ours, theirs, bytes, name)
    if let error = ours.error, theirs.error == nil, !StricterThanNIO.explains(error, bytes, ours, theirs) {
      Issue.record("\(name): ours alone refuses: \(error) \(quoted(bytes))")
    }
    return !ours.complete.isEmpty
  }

  @discardableResult
  private func compareResponses(_ bytes: [UInt8], _ name: String) -> Bool {
    let ours = Ours.responses([bytes])
    let theirs = NIOOracle.responses(bytes)
    // It reads one final answer; what is behind it is none of its business.
    var first = ours
    first.messages.removeAll { $0.start.hasPrefix("1") }
    if first.messages.count > 1 { first.messages.removeLast(first.messages.count - 1) }
    if first.messages.first?.isComplete == true { first.error = nil }
    compare(first, theirs, bytes, name)
    if let error = first.error, theirs.error == nil, !StricterThanNIO.explains(error, bytes, first, theirs) {
      Issue.record("\(name): ours alone refuses: \(error) \(quoted(bytes))")
    }
    return !first.complete.isEmpty
  }

  /// What ours understood is what they understood, and no more than they did before they gave up.
  private func compare(_ ours: Transcript, _ theirs: NIOOracle.Reading, _ bytes: [UInt8], _ name: String) {
    var agree = ours.messages.count <= theirs.messages.count
    for (mine, other) in zip(ours.messages, theirs.messages) where !Self.isPart(mine, of: other) { agree = false }
    if !agree { Issue.record("\(name): \(quoted(bytes))\nours \(ours)\ntheirs \(theirs)") }
  }

  private static func isPart(_ mine: Understood, of other: Understood) -> Bool {
    if mine.isComplete { return mine == other }
    var rest = other
    rest.body = mine.body
    rest.isComplete = false
    return mine == rest && other.body.starts(with: mine.body)
  }

  private func quoted(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}
