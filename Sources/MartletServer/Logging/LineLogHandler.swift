import Logging
import MartletDomain
import StrictCoding

/// Writes each event as one line, whatever it holds: line breaks, escape sequences and marks that reorder text don't
/// get through. A `Secret` writes itself as `‹redacted›`.
struct LineLogHandler: LogHandler {
  let label: String
  let format: Configuration.LogFormat
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  let clock: any WallClock
  let write: @Sendable ([UInt8]) -> Void
  private static let limit = 4000

  init(
    label: String, format: Configuration.LogFormat, logLevel: Logger.Level, clock: some WallClock = SystemClock(),
    write: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.label = label
    self.format = format
    self.logLevel = logLevel
    self.clock = clock
    self.write = write
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields = metadata
    if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
    if let own = event.metadata { fields.merge(own) { $1 } }
    if let error = event.error { fields["error"] = fields["error"] ?? "\(error)" }
    switch format {
    case .json: write(json(event, fields))
    case .text: write(text(event, fields))
    }
  }

  private func json(_ event: LogEvent, _ fields: Logger.Metadata) -> [UInt8] {
    var line: JSONObject = [
      "time": .string(clock.now().text), "level": .string(event.level.rawValue), "logger": .string(Self.line(label)),
      "message": .string(Self.line(event.message.description)),
    ]
    for (key, value) in fields.sorted(by: { ByteString($0.key) < ByteString($1.key) }) {
      let key = Self.line(key)
      line[line[key] == nil ? key : "metadata_\(key)"] = Self.json(value)
    }
    return JSONWriter.write(.object(line)) + [0x0A]
  }

  private func text(_ event: LogEvent, _ fields: Logger.Metadata) -> [UInt8] {
    let level = String(decoding: event.level.rawValue.utf8.map { $0 & 0xDF }, as: UTF8.self)
    var line = "\(clock.now().text) \(level) \(Self.line(event.message.description))"
    for (key, value) in fields.sorted(by: { ByteString($0.key) < ByteString($1.key) }) {
      line += " \(Self.line(key))=\(Self.quoted(value))"
    }
    return Array(line.utf8) + [0x0A]
  }

  private static func json(_ value: Logger.Metadata.Value) -> JSONValue {
    switch value {
    case .string(let text): return .string(line(text))
    case .stringConvertible(let value): return .string(line(value.description))
    case .array(let values): return .array(values.map(json))
    case .dictionary(let members):
      var object = JSONObject()
      for (key, value) in members.sorted(by: { ByteString($0.key) < ByteString($1.key) }) {
        object[line(key)] = json(value)
      }
      return .object(object)
    }
  }

  private static func quoted(_ value: Logger.Metadata.Value) -> String {
    let text = line("\(value)")
    let isPlain = !text.isEmpty && !text.utf8.contains { [0x20, 0x22, 0x3D].contains($0) }
    return isPlain ? text : "\"" + text.replacing("\"", with: "'") + "\""
  }

  private static func line(_ text: String) -> String { PlainText.sanitized(text, limit: limit) }
}
