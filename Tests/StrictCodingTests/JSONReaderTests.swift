import StrictCoding
import Testing

@Suite struct JSONReaderTests {
  /// Every byte at every place of short and long strings, which are looked at in steps of several bytes.
  @Test func everyByteOfAStringIsSeen() {
    for length in [1, 7, 8, 31, 32, 33, 63, 64, 71, 96, 130] {
      for place in [0, 1, 7, 8, 15, 16, 31, 32, 39, 40, 47, 48, 63, 64, 70, 95, 129] where place < length {
        for byte in UInt8.min...UInt8.max {
          var text = [UInt8](repeating: UInt8(ascii: "a"), count: length)
          text[place] = byte
          let json = [0x22] + text + [0x22]
          let read = try? JSONReader.parse(json)
          let isPlain = byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5C
          #expect((read?.stringValue.map { Array($0.utf8) } == text) == isPlain, "\(byte) at \(place) of \(length)")
          #expect(isPlain || read == nil, "\(byte) at \(place) of \(length)")
        }
      }
    }
  }

  @Test(
    arguments: [
      ("null", JSONValue.null),
      (" true ", true),
      ("\t[1,2,\r\n3]", [1, 2, 3]),
      ("{}", [:]),
      ("[]", []),
      (#"{"a":{"b":[null,false,"x"]}}"#, ["a": ["b": [nil, false, "x"]]]),
      (#""\u0041\n\/\\\"\b\f\r\t""#, "A\n/\\\"\u{8}\u{C}\r\t"),
      (#""\ud83d\ude00é""#, "😀é"),
      (#""\u0000""#, "\u{0}"),
      ("-12", -12),
    ] as [(String, JSONValue)])
  func accepts(text: String, expected: JSONValue) throws {
    #expect(try JSONReader.parse(string: text) == expected)
  }

  @Test(
    arguments: [
      ("", JSONError.Code.unexpectedEnd), ("   ", .unexpectedEnd), ("nul", .unexpectedEnd), ("nulL", .unexpectedByte),
      ("True", .unexpectedByte), ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte), ("'a'", .unexpectedByte),
      ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte), ("{\"a\":1,}", .unexpectedByte), ("{a:1}", .unexpectedByte),
      ("{\"a\" 1}", .unexpectedByte), ("[1 2]", .unexpectedByte), ("[1", .unexpectedEnd), ("{\"a\":", .unexpectedEnd),
      ("// x\n1", .unexpectedByte), ("/**/1", .unexpectedByte), ("1 2", .trailingBytes), ("{}}", .trailingBytes),
      ("{}\u{0}", .trailingBytes), ("\u{A0}1", .unexpectedByte), ("\u{C}1", .unexpectedByte),
      ("01", .invalidNumber), ("-01", .invalidNumber), ("1.", .unexpectedEnd), ("1.x", .invalidNumber),
      ("-", .unexpectedEnd), ("+1", .unexpectedByte), (".5", .unexpectedByte), ("1e", .unexpectedEnd),
      ("1e+", .unexpectedEnd), ("0x10", .trailingBytes), ("1_000", .trailingBytes), ("\"a", .unexpectedEnd),
      ("\"\\", .unexpectedEnd), (#""\x""#, .invalidEscape), (#""\u12""#, .invalidEscape),
      (#""\u12G4""#, .invalidEscape),
      ("\"\\u12", .unexpectedEnd), ("\"a\nb\"", .controlCharacter), ("\"\u{0}\"", .controlCharacter),
      ("\"\\n\u{1F}\"", .controlCharacter),
    ] as [(String, JSONError.Code)])
  func rejects(text: String, code: JSONError.Code) {
    #expect(code == failure(Array(text.utf8)))
  }

  @Test(arguments: [
    (#""\ud800""#, JSONError.Code.loneSurrogate), (#""\udc00""#, .loneSurrogate), (#""\ud800\ud800""#, .loneSurrogate),
    (#""\ud83dx""#, .loneSurrogate), ("1 trailing", .trailingBytes), ("\u{FEFF}1", .byteOrderMark),
  ])
  func S_12_foundationDifferences(text: String, code: JSONError.Code) {
    #expect(code == failure(Array(text.utf8)))
  }

  @Test(arguments: [
    (#""\ud800""#, "\u{FFFD}"), (#""a\udc00b""#, "a\u{FFFD}b"), (#""\ud800\ud800""#, "\u{FFFD}\u{FFFD}"),
    (#""\ud83dx""#, "\u{FFFD}x"), (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
    (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"), (#""\ud83d\n""#, "\u{FFFD}\n"),
  ])
  func halvesOfPairsAreMendedWhereThatIsAllowed(text: String, read: String) throws {
    let limits = JSONLimits(mendsSurrogates: true)
    #expect(try JSONReader.parse(string: text, limits: limits) == .string(read))
    #expect(try JSONReader.parse(string: "{\(text):[\(text)]}", limits: limits) == .object([read: [.string(read)]]))
    #expect(throws: JSONError.self) { try JSONReader.parse(string: #"{"\ud800":1,"\udc00":2}"#, limits: limits) }
  }

  @Test func S_12_integersStayExact() throws {
    let text = #"{"big":9007199254740993,"bigger":18446744073709551616,"fraction":0.10000000000000000001}"#
    let value = try JSONReader.parse(string: text)
    #expect(value["big"]?.int64Value == 9_007_199_254_740_993)
    #expect(value["bigger"]?.int64Value == nil)
    #expect(JSONWriter.string(value) == text)
  }

  @Test(arguments: [
    #"{"a":1,"a":1}"#, #"{"method":"tools/list","method":"tools/call"}"#, #"{"a":1,"\u0061":2}"#,
    #"{"x":{"k":1,"k":2}}"#, #"[{"":1,"":2}]"#, #"{"\ud83d\ude00":1,"😀":2}"#,
  ])
  func S_01_duplicateKeys(text: String) {
    #expect(failure(Array(text.utf8)) == .duplicateKey)
  }

  @Test func S_01_duplicateAmongManyKeys() throws {
    let members = (0..<500).map { "\"k\($0)\":\($0)" }
    #expect(try JSONReader.parse(string: "{\(members.joined(separator: ","))}")["k499"] == 499)
    for repeated in [0, 15, 16, 17, 250, 499] {
      let text = "{\((members + ["\"k\(repeated)\":0"]).joined(separator: ","))}"
      #expect(failure(Array(text.utf8)) == .duplicateKey)
    }
  }

  @Test func S_03_canonicallyEquivalentKeysAreTwoKeys() throws {
    let value = try JSONReader.parse(string: "{\"caf\u{E9}\":1,\"cafe\u{301}\":2}")
    #expect(value.objectValue?.count == 2)
    #expect(value["caf\u{E9}"] == 1)
    #expect(value["cafe\u{301}"] == 2)
    #expect(throws: Never.self) { try JSONReader.parse(string: #"{"a\u0301\u0323":1,"a\u0323\u0301":2}"#) }
    #expect(JSONValue.string("caf\u{E9}") != .string("cafe\u{301}"))
  }

  @Test(
    arguments: [
      [0xFF], [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
      [0x5C, 0x6E, 0xFF],
    ] as [[UInt8]])
  func S_06_invalidUTF8(bytes: [UInt8]) {
    #expect(failure([0x22] + bytes + [0x22]) == .invalidUTF8)
    #expect(failure(Array("{\"a".utf8) + bytes + Array("\":1}".utf8)) == .invalidUTF8)
  }

  @Test func readsAnyCollection() throws {
    let bytes = Array("xx[1]xx".utf8)
    #expect(try JSONReader.parse(bytes[2..<5]) == [1])
    #expect(try JSONReader.parse(bytes.lazy.filter { $0 != 0x78 }) == [1])
    #expect(try bytes[2..<5].withUnsafeBytes { raw in Result { try JSONReader.parse(raw) } }.get() == [1])
  }

  private func failure(_ bytes: [UInt8]) -> JSONError.Code? {
    do throws(JSONError) {
      _ = try JSONReader.parse(bytes)
      return nil
    } catch {
      return error.code
    }
  }
}
