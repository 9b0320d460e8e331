import Foundation
import MartletTestSupport
import Testing

@testable import OAuthClient

@Suite struct ClientTLSTests {
  /// What was read is shared, until the file behind the name is another: its own bytes, or where a link leads.
  @Test func authoritiesAreReadAnewOnceTheyHaveChanged() throws {
    let scratch = ScratchFolder()
    let folder = URL(fileURLWithPath: scratch.path)
    let (first, second) = (folder.appending(path: "first.pem"), folder.appending(path: "second.pem"))
    try Data(TestCertificates.authority.utf8).write(to: first)
    try Data((TestCertificates.authority + "\n" + TestCertificates.leaf).utf8).write(to: second)
    let link = folder.appending(path: "ca.pem")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: first)
    let before = try ClientTLS.context(trusting: link.path)
    #expect(try ClientTLS.context(trusting: link.path) === before)
    try FileManager.default.removeItem(at: link)
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: second)
    let after = try ClientTLS.context(trusting: link.path)
    #expect(after !== before)
    try Data(TestCertificates.authority.utf8).write(to: second)
    #expect(try ClientTLS.context(trusting: link.path) !== after)
    let rewritten = try ClientTLS.context(trusting: link.path)
    #expect(try ClientTLS.context(trusting: link.path) === rewritten)
    try FileManager.default.removeItem(at: second)
    #expect(throws: (any Error).self) { try ClientTLS.context(trusting: link.path) }
  }
}
