import Testing

@testable import MartletServer

struct ProcessorsTests {
  @Test(arguments: [("1", 1), ("f", 4), ("ff,ffffffff", 40), ("00000000,00000005", 2)])
  func theMaskIsCounted(mask: String, count: Int) {
    #expect(Processors.allowed("Name:\tmartlet\nCpus_allowed:\t\(mask)\nCpus_allowed_list:\t0-3\n") == count)
  }

  @Test func anotherSystemSaysNothing() { #expect(Processors.allowed("Name:\tmartlet\n") == nil) }

  @Test func thereIsOne() { #expect(Processors.count >= 1) }
}
