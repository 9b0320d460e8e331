import HTTPWire

/// Requests that two readers could understand differently, with what ours must make of each (V-082, S-18).
enum RequestCorpus {
  private static let host = "Host: h\r\n"
  private static let chunks = "5\r\nhello\r\n0\r\n\r\n"

  /// A request with some field lines, and what follows its head.
  private static func post(_ name: String, _ lines: String, _ body: String, _ verdict: WireCase.Verdict) -> WireCase {
    WireCase(name, "POST /a HTTP/1.1\r\n" + host + lines + "\r\n" + body, verdict)
  }

  private static func chunked(_ name: String, _ body: String, _ verdict: WireCase.Verdict) -> WireCase {
    post(name, "Transfer-Encoding: chunked\r\n", body, verdict)
  }

  private static func line(_ name: String, _ line: String, _ verdict: WireCase.Verdict) -> WireCase {
    WireCase(name, line + "\r\n" + host + "\r\n", verdict)
  }

  private static func raw(_ name: String, _ before: String, _ bytes: [UInt8], _ after: String, _ error: WireError)
    -> WireCase
  {
    WireCase(name, Array(before.utf8) + bytes + Array(after.utf8), .refused(error))
  }

  static let all = lines + fields + lengths + codings + chunks_ + trailers + sequences + bytes

  static let lines: [WireCase] = [
    line("plain", "GET / HTTP/1.1", .accepted(bodies: [""])),
    line("HTTP/1.0", "GET / HTTP/1.0", .accepted(bodies: [""])),
    line("long target", "GET /" + String(repeating: "a", count: 8191) + " HTTP/1.1", .accepted(bodies: [""])),
    line(
      "target beyond the limit", "GET /" + String(repeating: "a", count: 8192) + " HTTP/1.1", .refused(.targetTooLong)),
    line("absolute form", "GET http://h/a HTTP/1.1", .accepted(bodies: [""])),
    line("absolute form without a path", "GET https://h?x HTTP/1.1", .accepted(bodies: [""])),
    line("user in the authority", "GET http://u@h/a HTTP/1.1", .refused(.requestLine)),
    line("no authority", "GET http:///a HTTP/1.1", .refused(.requestLine)),
    line("another scheme", "GET file://h/a HTTP/1.1", .refused(.requestLine)),
    line("relative target", "GET a HTTP/1.1", .refused(.requestLine)),
    line("asterisk and more", "OPTIONS *a HTTP/1.1", .refused(.requestLine)),
    line("CONNECT to a path", "CONNECT / HTTP/1.1", .refused(.requestLine)),
    line("asterisk form", "OPTIONS * HTTP/1.1", .accepted(bodies: [""])),
    line("authority form", "CONNECT h:1 HTTP/1.1", .accepted(bodies: [""])),
    line("one empty line before", "\r\nGET / HTTP/1.1", .accepted(bodies: [""])),
    line("two empty lines before", "\r\n\r\nGET / HTTP/1.1", .accepted(bodies: [""])),
    line("three empty lines before", "\r\n\r\n\r\nGET / HTTP/1.1", .refused(.requestLine)),
    line("bare lf before", "\nGET / HTTP/1.1", .refused(.requestLine)),
    line("bare cr before", "\rGET / HTTP/1.1", .refused(.lineEnd)),
    line("blank before", " GET / HTTP/1.1", .refused(.requestLine)),
    line("tab before", "\tGET / HTTP/1.1", .refused(.requestLine)),
    line("HTTP/0.9", "GET /", .refused(.requestLine)),
    line("no version", "GET / ", .refused(.version)),
    line("HTTP/2.0", "GET / HTTP/2.0", .refused(.version)),
    line("HTTP/1.2", "GET / HTTP/1.2", .refused(.version)),
    line("HTTP/1.10", "GET / HTTP/1.10", .refused(.version)),
    line("HTTP/1", "GET / HTTP/1", .refused(.version)),
    line("HTTP/01.1", "GET / HTTP/01.1", .refused(.version)),
    line("http/1.1", "GET / http/1.1", .refused(.version)),
    line("HTTPS/1.1", "GET / HTTPS/1.1", .refused(.version)),
    line("blank behind the version", "GET / HTTP/1.1 ", .refused(.version)),
    line("word behind the version", "GET / HTTP/1.1 x", .refused(.version)),
    line("two blanks before the target", "GET  / HTTP/1.1", .refused(.requestLine)),
    line("two blanks before the version", "GET /  HTTP/1.1", .refused(.version)),
    line("tab for a blank", "GET\t/ HTTP/1.1", .refused(.requestLine)),
    line("tab in the target", "GET /\tx HTTP/1.1", .refused(.requestLine)),
    line("blank in the target", "GET /a b HTTP/1.1", .refused(.version)),
    line("fragment", "GET /a#b HTTP/1.1", .refused(.requestLine)),
    line("nul in the target", "GET /\0 HTTP/1.1", .refused(.requestLine)),
    line("cr in the target", "GET /\rX HTTP/1.1", .refused(.requestLine)),
    line("delete in the target", "GET /\u{7F} HTTP/1.1", .refused(.requestLine)),
    line("unicode in the target", "GET /ä HTTP/1.1", .refused(.requestLine)),
    line("no target", "GET HTTP/1.1", .refused(.requestLine)),
    line("lower case method", "get / HTTP/1.1", .refused(.requestLine)),
    line("mixed case method", "Get / HTTP/1.1", .refused(.requestLine)),
    line("unknown method", "FROB / HTTP/1.1", .refused(.requestLine)),
    line("WebDAV", "PROPFIND / HTTP/1.1", .accepted(bodies: [""])),
    line("nine letters", "PROPPATCH / HTTP/1.1", .refused(.requestLine)),
    line("eight letters of nine", "ROPPATCH / HTTP/1.1", .refused(.requestLine)),
    line("long method", String(repeating: "G", count: 5000) + " / HTTP/1.1", .refused(.requestLine)),
    line("method with a colon", "GET: / HTTP/1.1", .refused(.requestLine)),
    line("h2 preface", "PRI * HTTP/2.0", .refused(.requestLine)),
    line("response", "HTTP/1.1 200 OK", .refused(.requestLine)),
    WireCase("lf line ends", "GET / HTTP/1.1\nHost: h\n\n", .refused(.lineEnd)),
    WireCase("cr line ends", "GET / HTTP/1.1\rHost: h\r\r", .refused(.lineEnd)),
    WireCase("lf behind the head", "GET / HTTP/1.1\r\nHost: h\r\n\n", .refused(.lineEnd)),
    WireCase("cr behind the head", "GET / HTTP/1.1\r\nHost: h\r\n\rX", .refused(.lineEnd)),
    WireCase("nothing but empty lines", String(repeating: "\r\n", count: 1000), .refused(.requestLine)),
    WireCase("unfinished line", "GET / HT", .unfinished),
    WireCase("unfinished head", "GET / HTTP/1.1\r\nHost: h\r\n", .unfinished),
  ]

  static let fields: [WireCase] = [
    post("obs-fold", "X: a\r\n b\r\n", "", .refused(.folding)),
    post("obs-fold with tab", "X: a\r\n\tb\r\n", "", .refused(.folding)),
    WireCase("obs-fold of the request line", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", .refused(.folding)),
    post("folded length", "Content-Length:\r\n 5\r\n", "hello", .refused(.folding)),
    post("folded coding", "Transfer-Encoding:\r\n chunked\r\n", chunks, .refused(.folding)),
    post("folded end of coding", "Transfer-Encoding: identity\r\n\tchunked\r\n", chunks, .refused(.folding)),
    post("blank before colon", "X : a\r\n", "", .refused(.fieldName)),
    post("tab before colon", "X\t: a\r\n", "", .refused(.fieldName)),
    post("no colon", "Nonsense\r\n", "", .refused(.fieldName)),
    post("empty name", ": a\r\n", "", .refused(.fieldName)),
    post("blank in a name", "X Y: a\r\n", "", .refused(.fieldName)),
    post("nul in a name", "X\0Y: a\r\n", "", .refused(.fieldName)),
    post("unicode in a name", "Tränsfer: a\r\n", "", .refused(.fieldName)),
    post("quote in a name", "X\"Y: a\r\n", "", .refused(.fieldName)),
    post("slash in a name", "X/Y: a\r\n", "", .refused(.fieldName)),
    post("cr in a name", "X\rY: a\r\n", "", .refused(.fieldName)),
    post("lf in a name", "X\nY: a\r\n", "", .refused(.fieldName)),
    post("odd token", "!#$%&'*+-.^`|~: a\r\n", "", .accepted(bodies: [""])),
    post(
      "underscore in a parameter", "MCP-PARAM-X_Y: a\r\nMcp_Param-Z: b\r\nMcp-Param_Z: c\r\n", "",
      .accepted(bodies: [""])),
    post("underscore", "X_Y: a\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\n", "", .accepted(bodies: [""])),
    post("nul in a value", "X: a\0b\r\n", "", .refused(.fieldValue)),
    post("bell in a value", "X: a\u{7}b\r\n", "", .refused(.fieldValue)),
    post("delete in a value", "X: a\u{7F}b\r\n", "", .refused(.fieldValue)),
    post("vertical tab in a value", "X: a\u{B}b\r\n", "", .refused(.fieldValue)),
    post("escape in a value", "X: \u{1B}[2J\r\n", "", .refused(.fieldValue)),
    post("bare cr in a value", "X: a\rb\r\n", "", .refused(.lineEnd)),
    post("cr cr lf", "X: a\r\r\n", "", .refused(.lineEnd)),
    post("bare lf in a value", "X: a\nY: b\r\n", "", .refused(.lineEnd)),
    post("bare lf hides a coding", "X: a\nTransfer-Encoding: chunked\r\n", chunks, .refused(.lineEnd)),
    post("bare cr hides a length", "X: a\rContent-Length: 5\r\n", "hello", .refused(.lineEnd)),
    post("tab in a value", "X: a\tb\r\n", "", .accepted(bodies: [""])),
    post("blanks around a value", "X: \t a \t \r\n", "", .accepted(bodies: [""])),
    post("no blank before a value", "X:a\r\n", "", .accepted(bodies: [""])),
    post("empty value", "X:\r\nY: \r\n", "", .accepted(bodies: [""])),
    post("utf-8 in a value", "X: ä😀\r\n", "", .accepted(bodies: [""])),
    post("colons in a value", "X: a:b::\r\n", "", .accepted(bodies: [""])),
    post("a hundred fields", (1..<100).map { "X\($0): 1\r\n" }.joined(), "", .accepted(bodies: [""])),
    post("a hundred and one fields", (1..<101).map { "X\($0): 1\r\n" }.joined(), "", .refused(.fieldsTooLarge)),
    post("ten thousand tiny fields", (0..<10_000).map { "X\($0):\r\n" }.joined(), "", .refused(.fieldsTooLarge)),
    post("20 KiB", "X: " + String(repeating: "a", count: (20 << 10) - 3) + "\r\n", "", .accepted(bodies: [""])),
    post(
      "20 KiB and a byte", "X: " + String(repeating: "a", count: (20 << 10) - 2) + "\r\n", "", .refused(.fieldsTooLarge)
    ),
    post("a long name", String(repeating: "X", count: 40 << 10) + ": 1\r\n", "", .refused(.fieldsTooLarge)),
    post(
      "40 KiB in 40", (0..<40).map { "X\($0): \(String(repeating: "a", count: 1024))\r\n" }.joined(), "",
      .refused(.fieldsTooLarge)),
    WireCase("no field at all", "GET / HTTP/1.1\r\n\r\n", .accepted(bodies: [""])),
    WireCase("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .accepted(bodies: [""])),
  ]

  static let lengths: [WireCase] = [
    post("length", "Content-Length: 5\r\n", "hello", .accepted(bodies: ["hello"])),
    post("zero", "Content-Length: 0\r\n", "", .accepted(bodies: [""])),
    post("leading zeros", "Content-Length: 0005\r\n", "hello", .accepted(bodies: ["hello"])),
    post("in upper case", "CONTENT-LENGTH: 5\r\n", "hello", .accepted(bodies: ["hello"])),
    post("unfinished body", "Content-Length: 6\r\n", "hello", .unfinished),
    post("same length twice", "Content-Length: 5\r\nContent-Length: 5\r\n", "hello", .refused(.framing)),
    post("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello", .refused(.framing)),
    post("0.CL", "Content-Length: 0\r\nContent-Length: 5\r\n", "hello", .refused(.framing)),
    post("list", "Content-Length: 5, 5\r\n", "hello", .refused(.framing)),
    post("plus", "Content-Length: +5\r\n", "hello", .refused(.framing)),
    post("minus", "Content-Length: -5\r\n", "hello", .refused(.framing)),
    post("hexadecimal", "Content-Length: 0x5\r\n", "hello", .refused(.framing)),
    post("octal mark", "Content-Length: 0o5\r\n", "hello", .refused(.framing)),
    post("underscored digits", "Content-Length: 1_0\r\n", "hello", .refused(.framing)),
    post("fraction", "Content-Length: 5.0\r\n", "hello", .refused(.framing)),
    post("exponent", "Content-Length: 5e0\r\n", "hello", .refused(.framing)),
    post("quoted", "Content-Length: \"5\"\r\n", "hello", .refused(.framing)),
    post("empty length", "Content-Length: \r\n", "hello", .refused(.framing)),
    post("a word", "Content-Length: five\r\n", "hello", .refused(.framing)),
    post("junk behind", "Content-Length: 5 x\r\n", "hello", .refused(.framing)),
    post("blank within", "Content-Length: 1 0\r\n", "hello", .refused(.framing)),
    post("other digits", "Content-Length: ٥\r\n", "hello", .refused(.framing)),
    post("fullwidth digits", "Content-Length: ５\r\n", "hello", .refused(.framing)),
    post("2^63", "Content-Length: 9223372036854775808\r\n", "hello", .refused(.framing)),
    post("2^64 and 5", "Content-Length: 18446744073709551621\r\n", "hello", .refused(.framing)),
    post("huge", "Content-Length: 99999999999999999999999999\r\n", "hello", .refused(.framing)),
    post("many zeros", "Content-Length: " + String(repeating: "0", count: 30) + "5\r\n", "hello", .refused(.framing)),
    post("largest", "Content-Length: 999999999999999999\r\n", "hello", .unfinished),
  ]

  static let codings: [WireCase] = [
    post("chunked", "Transfer-Encoding: chunked\r\n", chunks, .accepted(bodies: ["hello"])),
    post("chunked in upper case", "TRANSFER-ENCODING: CHUNKED\r\n", chunks, .accepted(bodies: ["hello"])),
    post("CL.TE", "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n", chunks, .refused(.framing)),
    post("TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 15\r\n", chunks, .refused(.framing)),
    post("TE.CL of zero", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", chunks, .refused(.framing)),
    post("TE twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunks, .refused(.framing)),
    post("TE.TE", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunks, .refused(.framing)),
    post("TE.TE x", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", chunks, .refused(.framing)),
    post("identity", "Transfer-Encoding: identity\r\n", "", .refused(.framing)),
    post("identity, chunked", "Transfer-Encoding: identity, chunked\r\n", chunks, .refused(.framing)),
    post("chunked, identity", "Transfer-Encoding: chunked, identity\r\n", chunks, .refused(.framing)),
    post("chunked, chunked", "Transfer-Encoding: chunked, chunked\r\n", chunks, .refused(.framing)),
    post("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n", chunks, .refused(.framing)),
    post("gzip", "Transfer-Encoding: gzip\r\n", "", .refused(.framing)),
    post("comma before", "Transfer-Encoding: , chunked\r\n", chunks, .refused(.framing)),
    post("comma behind", "Transfer-Encoding: chunked,\r\n", chunks, .refused(.framing)),
    post("xchunked", "Transfer-Encoding: xchunked\r\n", chunks, .refused(.framing)),
    post("chunkedx", "Transfer-Encoding: chunkedx\r\n", chunks, .refused(.framing)),
    post("chunked in two words", "Transfer-Encoding: chun ked\r\n", chunks, .refused(.framing)),
    post("quoted chunked", "Transfer-Encoding: \"chunked\"\r\n", chunks, .refused(.framing)),
    post("parameter", "Transfer-Encoding: chunked;q=1\r\n", chunks, .refused(.framing)),
    post("empty coding", "Transfer-Encoding:\r\n", "", .refused(.framing)),
    post("Kelvin sign", "Transfer-Encoding: chun\u{212A}ed\r\n", chunks, .refused(.framing)),
    post("vertical tab", "Transfer-Encoding: \u{B}chunked\r\n", chunks, .refused(.fieldValue)),
    post("nul behind", "Transfer-Encoding: chunked\0\r\n", chunks, .refused(.fieldValue)),
    post("blank before TE colon", "Transfer-Encoding : chunked\r\n", chunks, .refused(.fieldName)),
    post("tab before chunked", "Transfer-Encoding:\tchunked\r\n", chunks, .refused(.framing)),
    post("tab behind chunked", "Transfer-Encoding: chunked\t\r\n", chunks, .refused(.framing)),
    post("tab before a length", "Content-Length:\t5\r\n", "hello", .refused(.framing)),
    post("tab behind a length", "Content-Length: 5\t\r\n", "hello", .refused(.framing)),
    post("blanks around chunked", "Transfer-Encoding:  chunked  \r\n", chunks, .accepted(bodies: ["hello"])),
    post("blanks around a length", "Content-Length:  5  \r\n", "hello", .accepted(bodies: ["hello"])),
    WireCase(
      "TE on HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, .refused(.framing)),
    WireCase("GET with a body", "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", .accepted(bodies: ["hello"])),
    WireCase("HTTP/1.0 with a body", "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", .accepted(bodies: ["hello"])),
  ]

  static let chunks_: [WireCase] = [
    chunked("two chunks", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", .accepted(bodies: ["hello"])),
    chunked("no chunk", "0\r\n\r\n", .accepted(bodies: [""])),
    chunked("upper case size", "A\r\n0123456789\r\n0\r\n\r\n", .accepted(bodies: ["0123456789"])),
    chunked("zeros before the size", "0000005\r\nhello\r\n0\r\n\r\n", .accepted(bodies: ["hello"])),
    chunked("sixteen digits", "0000000000000005\r\nhello\r\n0\r\n\r\n", .accepted(bodies: ["hello"])),
    chunked("seventeen digits", "00000000000000005\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("zeros as last", "000\r\n\r\n", .accepted(bodies: [""])),
    chunked("extension", "5;a=b\r\nhello\r\n0\r\n\r\n", .accepted(bodies: ["hello"])),
    chunked("quoted extension", "5;a=\"b\"\r\nhello\r\n0;c\r\n\r\n", .accepted(bodies: ["hello"])),
    chunked(
      "extension of 256 bytes", "5;" + String(repeating: "a", count: 256) + "\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("extension with lf", "5;a\nhello\r\n0\r\n\r\n", .refused(.lineEnd)),
    chunked("extension with cr", "5;a\rb\r\nhello\r\n0\r\n\r\n", .refused(.lineEnd)),
    chunked("extension with nul", "5;a\0b\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("extension in unicode", "5;ä\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("empty extension", "5;\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("extension without a value", "5;a=\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("extension with a colon", "5;a:b\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("extension with a blank", "5;a b\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("open quote", "5;a=\"b\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("escape in quotes", "5;a=\"\\\"\"\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("junk behind quotes", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("blank before the extension", "5 ;a\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("blank before the size", " 5\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("blank behind the size", "5 \r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("tab behind the size", "5\t\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("0x", "0x5\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("plus size", "+5\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("minus size", "-5\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("underscore in the size", "0_5\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("empty size", "\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("word for a size", "five\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("2^64 and 5", "10000000000000005\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("2^63", "8000000000000000\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("lf behind the size", "5\nhello\r\n0\r\n\r\n", .refused(.lineEnd)),
    chunked("cr behind the size", "5\rhello\r\n0\r\n\r\n", .refused(.lineEnd)),
    chunked("chunk too short", "4\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("chunk too long", "6\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
    chunked("no end of chunk", "5\r\nhello0\r\n\r\n", .refused(.chunk)),
    chunked("two bytes for an end", "5\r\nhelloxx0\r\n\r\n", .refused(.chunk)),
    chunked("lf for an end", "5\r\nhello\n0\r\n\r\n", .refused(.chunk)),
    chunked("cr for an end", "5\r\nhello\r0\r\n\r\n", .refused(.lineEnd)),
    chunked("lf at last", "5\r\nhello\r\n0\n\n", .refused(.lineEnd)),
    chunked("lf at the very last", "5\r\nhello\r\n0\r\n\n", .refused(.lineEnd)),
    chunked("no last line", "5\r\nhello\r\n0\r\n", .unfinished),
    chunked("no last chunk", "5\r\nhello\r\n", .unfinished),
    chunked("other digits for a size", "٥\r\nhello\r\n0\r\n\r\n", .refused(.chunk)),
  ]

  static let trailers: [WireCase] = [
    chunked("trailer", "0\r\nX: y\r\n\r\n", .accepted(bodies: [""])),
    chunked("two trailers", "0\r\nX: y\r\nZ: \r\n\r\n", .accepted(bodies: [""])),
    chunked("trailer authorization", "0\r\nAuthorization: Bearer x\r\n\r\n", .accepted(bodies: [""])),
    chunked("trailer length", "0\r\nContent-Length: 5\r\n\r\n", .refused(.trailer)),
    chunked("trailer coding", "0\r\nTransfer-Encoding: chunked\r\n\r\n", .refused(.trailer)),
    chunked("trailer host", "0\r\nHost: evil\r\n\r\n", .refused(.trailer)),
    chunked("trailer connection", "0\r\nConnection: close\r\n\r\n", .refused(.trailer)),
    chunked("folded trailer", "0\r\nX: y\r\n z\r\n\r\n", .refused(.folding)),
    chunked("trailer without colon", "0\r\nGET / HTTP/1.1\r\n\r\n", .refused(.fieldName)),
    chunked("trailer with nul", "0\r\nX: \0\r\n\r\n", .refused(.fieldValue)),
    chunked("trailer with lf", "0\r\nX: y\n\r\n", .refused(.lineEnd)),
    chunked("33 trailers", "0\r\n" + (0..<33).map { "X\($0): y\r\n" }.joined() + "\r\n", .refused(.fieldsTooLarge)),
    chunked("9 KiB of trailer", "0\r\nX: \(String(repeating: "y", count: 9 << 10))\r\n\r\n", .refused(.fieldsTooLarge)),
  ]

  static let sequences: [WireCase] = [
    post(
      "pipelined", "Content-Length: 5\r\n", "helloGET /b HTTP/1.1\r\nHost: h\r\n\r\n", .accepted(bodies: ["hello", ""])),
    chunked(
      "pipelined behind chunks", chunks + "GET /b HTTP/1.1\r\nHost: h\r\n\r\n", .accepted(bodies: ["hello", ""])),
    post("length too short", "Content-Length: 3\r\n", "hello", .refused(.requestLine)),
    post("body without a length", "", "hello", .refused(.requestLine)),
    post("upgrade", "Connection: upgrade\r\nUpgrade: h2c\r\n", "", .accepted(bodies: [""])),
    post("expect", "Expect: 100-continue\r\nContent-Length: 5\r\n", "hello", .accepted(bodies: ["hello"])),
    chunked("junk behind the end", chunks + "junk", .refused(.requestLine)),
  ]

  static let bytes: [WireCase] = [
    WireCase("tls hello", [0x16, 3, 1, 2, 0, 1, 0], .refused(.requestLine)),
    WireCase("nothing", [], .unfinished),
    raw("high byte in a name", "GET / HTTP/1.1\r\nX", [0xFF], ": a\r\n\r\n", .fieldName),
    raw("overlong slash in the target", "GET /", [0xC0, 0xAF], " HTTP/1.1\r\n\r\n", .requestLine),
    raw("NEL in the target", "GET /", [0xC2, 0x85], " HTTP/1.1\r\n\r\n", .requestLine),
    raw("control in a value", "GET / HTTP/1.1\r\nX: ", [0x01], "\r\n\r\n", .fieldValue),
    WireCase(
      "high bytes in a value", Array("GET / HTTP/1.1\r\nX: ".utf8) + [0x80, 0xFF, 0xC0] + Array("\r\n\r\n".utf8),
      .accepted(bodies: [""])),
  ]
}
