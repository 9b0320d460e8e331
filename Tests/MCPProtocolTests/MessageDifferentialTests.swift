import Foundation
import MCPProtocol
import MartletTestSupport
import StrictCoding
import Testing

/// Whenever ours accepts a message, another reader sees the same method, name and id.
@Suite struct MessageDifferentialTests {
  static let seeds = [
    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","arguments":{"a":1}}}"#,
    #"{"jsonrpc":"2.0","method":"tools/list","id":"x","params":{"cursor":null,"_meta":{"progressToken":1}}}"#,
    #"{"params":{"uri":"file:///a","name":"n"},"method":"resources/read","id":-5,"jsonrpc":"2.0"}"#,
    #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"é"}}"#,
  ]
  static let tokens = [
    #""method":"tools/call","#, #""Method":"x","#, #""name":"unsafe","#, #""na\u006de":"unsafe","#,
    #""method\u0000":1,"#,
    #""id":2,"#, #","params":{"name":"unsafe"}"#, "{", "}", "[", "]", ",", "\"", "\\", "\\u0000", "1e3", ".0", " ",
  ]

  @Test(arguments: seeds.indices)
  func V_028_messageFuzzFoundationSeesTheSame(index: Int) throws {
    var mutator = Mutator(seed: UInt64(index) + 41, tokens: Self.tokens)
    let seed = Array(Self.seeds[index].utf8)
    var accepted = 0
    var refused = 0
    for _ in 0..<CaseCount.of("V-028", reduced: 1500, full: 250_000) {
      let mutant = mutator.mutate(seed)
      guard let message = try? MCPMessage.parse(mutant) else { continue }
      accepted += 1
      let text = String(decoding: mutant, as: UTF8.self)
      let decoded = try? JSONSerialization.jsonObject(with: Data(mutant))
      // What the other refuses can't be misread by it; numbers beyond double are such a case.
      guard let theirs = decoded as? [String: Any] else {
        #expect(decoded == nil, "\(text)")
        refused += 1
        continue
      }
      #expect((theirs["method"] as? String).map { MCPMethod($0) } == message.method, "\(text)")
      let params = theirs["params"] as? [String: Any]
      #expect(same(params?["name"], message.params?["name"]), "\(text)")
      #expect(same(params?["uri"], message.params?["uri"]), "\(text)")
      if case .number(let id)? = message.id { #expect((theirs["id"] as? NSNumber)?.int64Value == id, "\(text)") }
      if case .string(let id)? = message.id {
        #expect((theirs["id"] as? String)?.equalsBytewise(id) == true, "\(text)")
      }
      #expect(try MCPMessage.parse(message.encoded()) == message, "\(text)")
    }
    #expect(accepted > 20)
    #expect(refused < accepted / 20 + 2)
  }

  private func same(_ theirs: Any?, _ ours: JSONValue?) -> Bool {
    guard let text = ours?.stringValue else { return !(theirs is String) }
    return (theirs as? String)?.equalsBytewise(text) == true
  }
}
