import Testing

@testable import MartletServer

@Suite struct StartMemoryTests {
  @Test func codeFromFilesIsFound() {
    let line = "7f0c8b028000-7f0c8b19d000 r-xp 00028000 fe:00 1234                       /usr/lib/libc.so.6"
    #expect(StartMemory.codeRange(Array(line.utf8)[...]) == 0x7f0c_8b02_8000..<0x7f0c_8b19_d000)
  }

  @Test(arguments: [
    // Relocated, written to, and nobody's file: dropping it would lose what is in it.
    "7f0c8b028000-7f0c8b19d000 r--p 00028000 fe:00 1234 /usr/lib/libc.so.6",
    "7f0c8b028000-7f0c8b19d000 rw-p 00028000 fe:00 1234 /usr/lib/libc.so.6",
    "7f0c8b028000-7f0c8b19d000 rwxp 00028000 fe:00 1234 /usr/lib/libc.so.6",
    "7f0c8b028000-7f0c8b19d000 r-xp 00000000 00:00 0",
    "7ffd1b5f4000-7ffd1b5f6000 r-xp 00000000 00:00 0 [vdso]",
    "7f0c8b19d000-7f0c8b028000 r-xp 00028000 fe:00 1234 /usr/lib/libc.so.6",
    "", "x", "x-y r-xp 0 0 0 /x",
  ])
  func nothingElseIs(_ line: String) { #expect(StartMemory.codeRange(Array(line.utf8)[...]) == nil) }

  /// The test goes on in code that was given back.
  @Test func givingBackHarmsNothing() {
    StartMemory.giveBack()
    #expect((1...10).reduce(0, +) == 55)
  }
}
