import HTTPWire
import Testing

/// A message as a reader understood it.
struct Understood: Equatable, CustomStringConvertible {
  var start: String
  var isBeforeHTTP11: Bool
  var fields: [String] = []
  var body: [UInt8] = []
  var isComplete = false

  var description: String {
    "\(start) \(isBeforeHTTP11 ? "1.0" : "1.1") \(fields) \(String(decoding: body, as: UTF8.self)) \(isComplete)"
  }
}

/// Everything that a reader made of some bytes.
struct Transcript: Equatable {
  var messages: [Understood] = []
  var error: WireError?

  var complete: [Understood] { messages.filter(\.isComplete) }
}

/// Feeds pieces to our readers, as a connection would.
enum Ours {
  static let limits = HeadLimits(totalBytes: 32 << 10, fieldBytes: 20 << 10, fields: 100, targetBytes: 8 << 10)

  static func requests(_ pieces: [[UInt8]], limits: HeadLimits = limits) -> Transcript {
    let reader = RequestReader(limits: limits)
    return read(
      pieces, next: { bytes throws(WireError) in try reader.next(bytes) },
      describe: { head in
        Understood(
          start: "\(head.method) \(String(decoding: head.target, as: UTF8.self))", isBeforeHTTP11: head.isBeforeHTTP11,
          fields: head.fields.fields.map { "\($0.name)=\($0.value)" })
      }, size: \.byteCount, isInterim: { _ in false })
  }

  /// - Parameter closes: Whether the connection ends behind the last piece.
  static func responses(_ pieces: [[UInt8]], closes: Bool = false, limits: HeadLimits = limits) -> Transcript {
    let reader = ResponseReader(limits: limits)
    var transcript = read(
      pieces, next: { bytes throws(WireError) in try reader.next(bytes) },
      describe: { head in
        Understood(
          start: "\(head.status)", isBeforeHTTP11: head.isBeforeHTTP11,
          fields: head.fields.fields.map { "\($0.name)=\($0.value)" })
      }, size: \.byteCount, isInterim: \.isInterim)
    if closes, reader.endsWithConnection, transcript.error == nil, let last = transcript.messages.indices.last {
      transcript.messages[last].isComplete = true
    }
    return transcript
  }

  private static func read<Head>(
    _ pieces: [[UInt8]], next: (Span<UInt8>) throws(WireError) -> WireEvent<Head>, describe: (Head) -> Understood,
    size: (Head) -> Int, isInterim: (Head) -> Bool
  ) -> Transcript {
    var transcript = Transcript()
    var unread: [UInt8] = []
    for piece in pieces {
      unread += piece
      do throws(WireError) {
        var isHungry = false
        while !isHungry {
          switch try next(unread.span) {
          case .head(let head):
            var message = describe(head)
            message.isComplete = isInterim(head)
            transcript.messages.append(message)
            unread.removeFirst(size(head))
          case .data(let skipped, let count):
            unread.removeFirst(skipped)
            transcript.messages[transcript.messages.count - 1].body += unread.prefix(count)
            unread.removeFirst(count)
          case .end(let skipped):
            unread.removeFirst(skipped)
            transcript.messages[transcript.messages.count - 1].isComplete = true
          case .needsMore(let skipped):
            unread.removeFirst(skipped)
            isHungry = true
          }
        }
      } catch {
        transcript.error = error
        return transcript
      }
    }
    return transcript
  }
}

/// A name, bytes, and what must come of them.
struct WireCase: Sendable, CustomTestStringConvertible {
  enum Verdict: Sendable, Equatable {
    /// So many whole messages, and nothing else.
    case accepted(bodies: [String])
    /// Refused, before anything was whole.
    case refused(WireError)
    /// So far so good.
    case unfinished
  }

  let name: String
  let bytes: [UInt8]
  let verdict: Verdict

  init(_ name: String, _ bytes: [UInt8], _ verdict: Verdict) {
    self.name = name
    self.bytes = bytes
    self.verdict = verdict
  }

  init(_ name: String, _ text: String, _ verdict: Verdict) { self.init(name, Array(text.utf8), verdict) }

  var testDescription: String { name }

  static func verdict(of transcript: Transcript) -> Verdict {
    if let error = transcript.error { return .refused(error) }
    if transcript.messages.contains(where: { !$0.isComplete }) || transcript.messages.isEmpty { return .unfinished }
    return .accepted(bodies: transcript.messages.map { String(decoding: $0.body, as: UTF8.self) })
  }
}
