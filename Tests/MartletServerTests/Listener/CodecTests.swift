import Foundation
import HTTPWire
import MartletProxy
import NIOCore
import NIOEmbedded
import Testing

@testable import MartletServer

/// Both codecs, driven with bytes: the same events come of them, and the same answers.
struct CodecTests {
  private static let get = "GET /a HTTP/1.1\r\nhost: h\r\n\r\n"
  private static let post = "POST /b HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nhello"

  @Test(arguments: HTTPCodec.allCases)
  func requestsArriveOneAtATime(codec: HTTPCodec) throws {
    let line = try CodecLine(codec)
    try line.send(Self.get + Self.post + Self.get)
    #expect(line.receiver.events == ["GET /a", "end"])
    line.receiver.answer("one")
    #expect(line.receiver.events == ["GET /a", "end", "POST /b", "hello", "end"])
    line.receiver.answer("two")
    line.receiver.answer("three")
    #expect(line.receiver.events.count == 7)
    #expect(line.received.components(separatedBy: "HTTP/1.1 200 OK").count == 4)
    #expect(line.isOpen)
  }

  @Test(arguments: HTTPCodec.allCases)
  func bytesInAnyPiecesMakeTheSameEvents(codec: HTTPCodec) throws {
    let chunked = "POST /c HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    for text in [Self.get, Self.post, chunked] {
      let line = try CodecLine(codec)
      for byte in text.utf8 { try line.send([byte]) }
      let whole = try CodecLine(codec)
      try whole.send(text)
      #expect(line.receiver.transcript == whole.receiver.transcript)
      #expect(line.receiver.events.last == "end")
    }
  }

  @Test(arguments: HTTPCodec.allCases)
  func answersAreFramed(codec: HTTPCodec) throws {
    for (request, length, status, holds, lacks) in [
      (Self.get, 3, 200, ["content-length: 3", "\r\n\r\nabc", "x-request-id: id"], ["chunked", "connection: close"]),
      (Self.get, nil, 200, ["transfer-encoding: chunked", "3\r\nabc\r\n", "0\r\n\r\n"], ["content-length"]),
      (Self.get, 0, 204, ["HTTP/1.1 204 "], ["content-length", "chunked"]),
      ("HEAD /a HTTP/1.1\r\nhost: h\r\n\r\n", 3, 200, ["content-length: 3"], ["abc"]),
      ("GET /a HTTP/1.0\r\nhost: h\r\n\r\n", nil, 200, ["connection: close", "abc"], ["chunked", "content-length"]),
      ("GET /a HTTP/1.1\r\nconnection: close\r\n\r\n", 3, 200, ["connection: close"], []),
    ] as [(String, Int?, Int, [String], [String])] {
      let line = try CodecLine(codec)
      try line.send(request)
      line.receiver.answer(length == 0 ? "" : "abc", length: .some(length), status: status)
      for text in holds { #expect(line.received.contains(text), "\(text) in \(line.received)") }
      for text in lacks { #expect(!line.received.contains(text), "\(text) in \(line.received)") }
      #expect(line.isOpen != line.received.contains("connection: close"))
    }
  }

  @Test(arguments: HTTPCodec.allCases)
  func V_082_whatIsNoHTTPEndsTheConnection(codec: HTTPCodec) throws {
    for (bytes, status) in [
      ("nonsense\r\n\r\n", 400), (Self.get + "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nx: \(String(repeating: "a", count: 30_000))\r\n\r\n", 431),
      ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
      ("POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ] {
      let line = try CodecLine(codec)
      try? line.send(bytes)
      if bytes.hasPrefix(Self.get) { line.receiver.answer("one") }
      #expect(line.receiver.errors == 1, "\(bytes.prefix(60))")
      #expect(line.received.contains("HTTP/1.1 \(status) ") && !line.isOpen, "\(bytes.prefix(60))")
      try? line.send(Self.get)
      #expect(line.receiver.errors == 1)
    }
  }

  @Test(arguments: HTTPCodec.allCases)
  func V_082_anAnswerThatCantBeSentCutsTheConnection(codec: HTTPCodec) throws {
    for value in ["a\r\nset-cookie: b", "a\nb", "a\0"] {
      let line = try CodecLine(codec)
      try line.send(Self.get)
      line.receiver.answer("abc", headers: HeaderFields(lowercased: [("x", value)]))
      #expect(line.received.isEmpty && !line.isOpen)
    }
  }

  /// More than the head promised would be the next answer; less, and the next answer would be the rest of this one.
  @Test(arguments: HTTPCodec.allCases)
  func V_082_theBodyIsAsLongAsItsHeadSays(codec: HTTPCodec) throws {
    for length in [2, 4] {
      let line = try CodecLine(codec)
      try line.send(Self.get)
      line.receiver.answer("abc", length: length)
      #expect(!line.isOpen)
      #expect(!line.received.contains("abc") || length > 3)
    }
  }

  @Test(arguments: HTTPCodec.allCases)
  func anAnswerBeforeTheEndOfItsRequestIsTheLast(codec: HTTPCodec) throws {
    let line = try CodecLine(codec)
    try line.send("POST /b HTTP/1.1\r\nhost: h\r\ncontent-length: 50\r\n\r\n")
    line.receiver.answer("no")
    #expect(!line.isOpen)
  }

  /// The answer is out, the body is not: nothing may be written behind it when the connection ends.
  @Test(arguments: HTTPCodec.allCases)
  func aBodyThatIsCutShortIsNoSecondAnswer(codec: HTTPCodec) throws {
    let line = try CodecLine(codec)
    try line.send("POST /b HTTP/1.1\r\nhost: h\r\ncontent-length: 50\r\n\r\nhello")
    line.receiver.answerHead(413)
    _ = try? line.channel.finish(acceptAlreadyClosed: true)
    #expect(line.receiver.isGone)
    #expect(line.received.components(separatedBy: "HTTP/1.1 ").count == 2)
  }

  @Test(arguments: HTTPCodec.allCases)
  func R_70_aConnectionThatIsToldToStopFinishesFirst(codec: HTTPCodec) throws {
    let idle = try CodecLine(codec)
    idle.quiesce()
    #expect(!idle.isOpen)
    let busy = try CodecLine(codec)
    try busy.send(Self.get)
    busy.quiesce()
    #expect(busy.isOpen)
    busy.receiver.answer("one")
    #expect(busy.received.contains("connection: close") && !busy.isOpen)
  }

  @Test(arguments: HTTPCodec.allCases)
  func aClientThatWaitsWithItsBodyIsToldToGoOn(codec: HTTPCodec) throws {
    let line = try CodecLine(codec)
    let head = "POST /b HTTP/1.1\r\nhost: h\r\nexpect: 100-Continue\r\ncontent-length: 5\r\n\r\n"
    try line.send(head)
    #expect(line.received.isEmpty, "it may still be refused")
    line.receiver.wantBody()
    #expect(line.received == "HTTP/1.1 100 Continue\r\n\r\n")
    try line.send("hello")
    line.receiver.wantBody()
    line.receiver.answer("one")
    #expect(line.received.components(separatedBy: "HTTP/1.1 ").count == 3)
    #expect(line.isOpen && !line.received.contains("connection: close"))
    try line.send(Self.get)
    line.receiver.answer("two")
    #expect(line.received.hasSuffix("two"))
  }

  /// Without the word, the client may send its body or leave it: what follows could be read as either.
  @Test(arguments: HTTPCodec.allCases)
  func anAnswerInsteadOfTheWordIsTheLast(codec: HTTPCodec) throws {
    let line = try CodecLine(codec)
    try line.send("POST /b HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n")
    line.receiver.answer("no", status: 401)
    line.receiver.wantBody()
    #expect(line.received.hasPrefix("HTTP/1.1 401 ") && line.received.contains("connection: close"))
    #expect(!line.received.contains("100 Continue") && !line.isOpen)
  }

  @Test(arguments: HTTPCodec.allCases)
  func nobodyElseHearsTheWord(codec: HTTPCodec) throws {
    for head in [
      "POST /b HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n",
      "POST /b HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 0\r\n\r\n",
      "GET /b HTTP/1.1\r\nexpect: 100-continue\r\n\r\n",
      "POST /b HTTP/1.1\r\nexpect: a-miracle\r\ncontent-length: 5\r\n\r\n",
      "POST /b HTTP/1.1\r\ncontent-length: 5\r\n\r\n",
    ] {
      let line = try CodecLine(codec)
      try line.send(head)
      line.receiver.wantBody()
      #expect(line.received.isEmpty, "\(head)")
    }
  }

  @Test func nothingMoreIsReadWhileARequestWaits() throws {
    let line = try CodecLine(.martlet)
    #expect(line.reads)
    try line.send(Self.get)
    #expect(line.reads, "an end of the connection must be seen")
    try line.send(Self.get)
    #expect(!line.reads)
    line.receiver.answer("one")
    #expect(line.reads)
  }

  @Test func aHeadThatDribblesInAndAConnectionThatIdlesEnd() throws {
    let head = try CodecLine(.martlet)
    try head.send("GET / HT")
    head.advance(FrontDoorLimits.head + .milliseconds(1))
    let idle = try CodecLine(.martlet)
    try idle.send(Self.get)
    idle.receiver.answer("one")
    idle.advance(FrontDoorLimits.head + .seconds(5))
    #expect(idle.isOpen)
    idle.advance(FrontDoorLimits.idle)
    #expect(!idle.isOpen)
    let busy = try CodecLine(.martlet)
    try busy.send(Self.get)
    busy.advance(FrontDoorLimits.idle * 2)
    #expect(busy.isOpen)
  }
}
