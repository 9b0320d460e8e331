import HTTPWire

/// Answers that an upstream might give, with what must be made of each (V-082).
enum ResponseCorpus {
  private static func answer(_ name: String, _ lines: String, _ body: String, _ verdict: WireCase.Verdict) -> WireCase {
    WireCase(name, "HTTP/1.1 200 OK\r\n" + lines + "\r\n" + body, verdict)
  }

  private static func line(_ name: String, _ line: String, _ verdict: WireCase.Verdict) -> WireCase {
    WireCase(name, line + "\r\nContent-Length: 2\r\n\r\nhi", verdict)
  }

  static let all: [WireCase] = [
    line("plain", "HTTP/1.1 200 OK", .accepted(bodies: ["hi"])),
    line("no reason", "HTTP/1.1 200 ", .accepted(bodies: ["hi"])),
    line("no reason, no blank", "HTTP/1.1 200", .accepted(bodies: ["hi"])),
    line("reason in unicode", "HTTP/1.1 404 Größe", .accepted(bodies: ["hi"])),
    line("HTTP/1.0", "HTTP/1.0 200 OK", .accepted(bodies: ["hi"])),
    line("HTTP/2", "HTTP/2 200 OK", .refused(.version)),
    line("HTTP/1.2", "HTTP/1.2 200 OK", .refused(.version)),
    line("ICY", "ICY 200 OK", .refused(.version)),
    line("two digits", "HTTP/1.1 20 OK", .refused(.statusLine)),
    line("four digits", "HTTP/1.1 2000 OK", .refused(.statusLine)),
    line("zero first", "HTTP/1.1 020 OK", .refused(.statusLine)),
    line("letters", "HTTP/1.1 2xx OK", .refused(.statusLine)),
    line("two blanks", "HTTP/1.1  200 OK", .refused(.statusLine)),
    line("nul in the reason", "HTTP/1.1 200 O\0K", .refused(.statusLine)),
    line("cr in the reason", "HTTP/1.1 200 O\rK", .refused(.lineEnd)),
    line("lf in the reason", "HTTP/1.1 200 O\nK", .refused(.lineEnd)),
    line("long reason", "HTTP/1.1 200 " + String(repeating: "a", count: 9000), .refused(.fieldsTooLarge)),
    line("empty line before", "\r\nHTTP/1.1 200 OK", .refused(.version)),
    line("switched protocols", "HTTP/1.1 101 Switching Protocols", .refused(.statusLine)),
    line("a request", "GET / HTTP/1.1", .refused(.version)),
    answer("chunked", "Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n", .accepted(bodies: ["hi"])),
    answer("CL.TE", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n", .refused(.framing)),
    answer("same length twice", "Content-Length: 2\r\nContent-Length: 2\r\n", "hi", .refused(.framing)),
    answer("list of lengths", "Content-Length: 2, 2\r\n", "hi", .refused(.framing)),
    answer("bad length", "Content-Length: +2\r\n", "hi", .refused(.framing)),
    answer("gzip", "Transfer-Encoding: gzip\r\n", "hi", .refused(.framing)),
    answer("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n", "2\r\nhi\r\n0\r\n\r\n", .refused(.framing)),
    answer("folding", "X: a\r\n b\r\n", "hi", .refused(.folding)),
    answer("bare lf", "X: a\nY: b\r\n", "hi", .refused(.lineEnd)),
    answer("nul", "X: \0\r\n", "hi", .refused(.fieldValue)),
    answer("blank before colon", "X : a\r\n", "hi", .refused(.fieldName)),
    answer("underscore", "X_Y: a\r\nContent-Length: 2\r\n", "hi", .accepted(bodies: ["hi"])),
    answer("until the end", "", "hi", .unfinished),
    answer("unfinished", "Content-Length: 3\r\n", "hi", .unfinished),
    answer("more than a body", "Content-Length: 1\r\n", "hi", .refused(.version)),
    answer("two answers", "Content-Length: 2\r\n", "hiHTTP/1.1 204 \r\n\r\n", .accepted(bodies: ["hi", ""])),
    WireCase(
      "interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
      .accepted(bodies: ["", "", ""])),
    WireCase("204 with a length", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", .accepted(bodies: [""])),
    WireCase("304 with a length", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", .accepted(bodies: [""])),
    WireCase("204 in chunks", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .refused(.framing)),
    WireCase("interim in HTTP/1.0", "HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", .refused(.statusLine)),
    WireCase("interim in chunks", "HTTP/1.1 100 C\r\nTransfer-Encoding: chunked\r\n\r\n", .refused(.framing)),
    WireCase("204 with a body", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello", .refused(.version)),
    WireCase(
      "TE on HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", .refused(.framing)),
    WireCase("unfinished line", "HTTP/1.1 20", .unfinished),
  ]
}
