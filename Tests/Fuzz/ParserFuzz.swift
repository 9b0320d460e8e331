import Foundation
import HTTPWire
import MCPProtocol
import StrictCoding

/// What libFuzzer tries, by the name in `MARTLET_FUZZ_TARGET`: what must hold for any bytes. Built by
/// scripts/fuzz-guided.sh, never by the package.
private let targets: [String: @Sendable ([UInt8]) -> Void] = [
  "json": { bytes in
    guard let value = try? JSONReader.parse(bytes) else { return }
    guard let again = try? JSONReader.parse(JSONWriter.write(value)), again == value else { fatalError("unstable") }
  },
  "message": { bytes in
    guard let message = try? MCPMessage.parse(bytes) else { return }
    guard let again = try? MCPMessage.parse(message.encoded()), again == message else { fatalError("unstable") }
  },
  "form": { bytes in
    guard let form = try? FormParameters(parsing: bytes) else { return }
    let encoded = FormParameters.encode(form.parameters.map { ($0.name, $0.value) })
    guard let again = try? FormParameters(parsing: encoded), again == form else { fatalError("unstable") }
  },
  "event_stream": { bytes in
    var parser = SSEParser()
    _ = try? parser.feed(bytes)
  },
  "http_request": { bytes in
    let reader = RequestReader(limits: HeadLimits(totalBytes: 4096, fieldBytes: 2048, fields: 20, targetBytes: 512))
    var rest = bytes[...]
    while let event = try? reader.next(Array(rest).span) {
      switch event {
      case .head(let head): rest = rest.dropFirst(head.byteCount)
      case .data(let skipped, let count): rest = rest.dropFirst(skipped + count)
      case .end(let skipped): rest = rest.dropFirst(skipped)
      case .needsMore: return
      }
    }
  },
]

private let target = targets[ProcessInfo.processInfo.environment["MARTLET_FUZZ_TARGET"] ?? ""]

/// What libFuzzer calls, again and again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  guard let target else { fatalError("MARTLET_FUZZ_TARGET is one of \(targets.keys.sorted().joined(separator: ", "))") }
  target(Array(UnsafeBufferPointer(start: data, count: size)))
  return 0
}
