import MCPProtocol
import StrictCoding
import Testing

@Suite struct EraDetectionTests {
  static func message(_ method: MCPMethod, version: JSONValue? = nil) -> MCPMessage {
    var params: JSONObject = method == .toolsCall ? ["name": "x"] : [:]
    if let version { params["_meta"] = ["io.modelcontextprotocol/protocolVersion": version] }
    return .request(MCPRequest(id: .number(1), method: method, params: params))
  }

  static func legacy(_ revision: ProtocolRevision?, tolerated: Bool = false) -> EraClassification {
    EraClassification(era: .legacy, revision: revision, toleratesHeader: tolerated)
  }

  static func modern(_ revision: ProtocolRevision?, tolerated: Bool = false) -> EraClassification {
    EraClassification(era: .modern, revision: revision, toleratesHeader: tolerated)
  }

  @Test(
    arguments: [
      (nil, message(.toolsCall), legacy(nil)), ("2025-06-18", message(.toolsCall), legacy(.v20250618)),
      ("2024-11-05", message(.ping), legacy(.v20241105)), ("2026-07-28", message(.toolsCall), modern(.v20260728)),
      (nil, message(.toolsCall, version: "2026-07-28"), modern(.v20260728)),
      (nil, message(.serverDiscover), modern(nil)),
      (nil, message(.toolsCall, version: "2025-11-25"), legacy(nil)),
      ("2026-07-28", message(.serverDiscover, version: "2026-07-28"), modern(.v20260728)),
      // X8: `initialize` after a modern probe, whatever the header says.
      ("2026-07-28", message(.initialize), legacy(nil)), ("banana", message(.initialize), legacy(nil)),
      // X7: a connector's legacy header around a modern body.
      ("2025-11-25", message(.toolsCall, version: "2026-07-28"), legacy(.v20251125, tolerated: true)),
      ("2025-11-25", message(.serverDiscover, version: "2026-07-28"), modern(.v20260728, tolerated: true)),
    ] as [(String?, MCPMessage, EraClassification)])
  func V_030e_classifies(version: String?, message: MCPMessage, expected: EraClassification) throws {
    #expect(try EraDetection().classify(MirroredHeaders(version: version), message: message) == expected)
    // Mirrored headers decide nothing: without a modern version they may be anything.
    let adorned = MirroredHeaders(
      version: version, method: "tools/list", name: "other", parameters: [.init(name: "a", value: "b")])
    #expect(try EraDetection().classify(adorned, message: message) == expected)
  }

  @Test(
    arguments: [
      (MirroredHeaders(version: "2027-01-01"), message(.toolsCall), -32022),
      (MirroredHeaders(version: "banana", method: "tools/call"), message(.toolsCall), -32022),
      (MirroredHeaders(version: "banana"), message(.toolsCall, version: "banana"), -32022),
      (MirroredHeaders(version: "banana"), message(.serverDiscover), -32022),
      (MirroredHeaders(), message(.toolsCall, version: "2099-01-01"), -32022),
      (MirroredHeaders(version: "banana"), message(.toolsCall), -32600),
      (MirroredHeaders(version: ""), message(.toolsCall), -32600),
      (MirroredHeaders(version: "2025-01-01"), message(.toolsCall), -32600),
      (MirroredHeaders(version: "2025-11-25 "), message(.toolsCall), -32600),
      (MirroredHeaders(version: "2027-01-01", hasSessionID: true), message(.toolsCall), -32600),
    ] as [(MirroredHeaders, MCPMessage, Int64)])
  func unknownVersions(headers: MirroredHeaders, message: MCPMessage, code: Int64) {
    let error = failure(EraDetection(), headers, message)
    #expect(error?.code.rawValue == code)
    #expect(error?.id == .number(1))
    #expect(error?.httpStatus == 400)
  }

  @Test func unsupportedVersionNamesWhatIsSpoken() {
    let headers = MirroredHeaders(version: "2027-01-01\u{202E}")
    let error = failure(EraDetection(supported: [.v20251125, .v20260728]), headers, Self.message(.serverDiscover))
    #expect(error?.data == ["supported": ["2026-07-28", "2025-11-25"], "requested": "2027-01-01"])
  }

  @Test func modernOnlyRouteNamesItsVersionToLegacyClients() {
    let error = failure(
      EraDetection(supported: [.v20260728]), MirroredHeaders(version: "2025-11-25"), Self.message(.toolsCall))
    #expect(error?.data == ["supported": ["2026-07-28"], "requested": "2025-11-25"])
  }

  /// A modern code from a route that isn't modern would steer the client's era detection wrongly.
  @Test func gatewayTrap_legacyRouteSendsNoModernCode() {
    let legacyOnly = EraDetection(supported: [.v20250618, .v20251125], toleratesVersionMismatch: false)
    for version in ["2026-07-28", "2027-01-01", nil] {
      let error = failure(
        legacyOnly, MirroredHeaders(version: version), Self.message(.toolsCall, version: "2026-07-28"))
      #expect(error?.code == .invalidRequest)
    }
    let error = failure(
      legacyOnly, MirroredHeaders(version: "2025-11-25"), Self.message(.toolsCall, version: "2026-07-28"))
    #expect(error?.code == .invalidRequest)
    var repeated = MirroredHeaders(version: "2025-11-25")
    repeated.version = .init("2025-11-25", count: 2)
    #expect(failure(legacyOnly, repeated, Self.message(.ping))?.code == .invalidRequest)
  }

  @Test func X7_strictRoutesRefuseContradictions() {
    let strict = EraDetection(toleratesVersionMismatch: false)
    let error = failure(strict, MirroredHeaders(version: "2025-11-25"), Self.message(.toolsCall, version: "2026-07-28"))
    #expect(error?.code == .headerMismatch)
  }

  @Test func X7_toleratedDiscoverPassesValidation() throws {
    let headers = MirroredHeaders(version: "2025-11-25", method: "server/discover")
    let metadata: JSONValue = [
      "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": [:],
    ]
    let message = MCPMessage.request(MCPRequest(id: .number(1), method: .serverDiscover, params: ["_meta": metadata]))
    try headers.validate(message, as: try EraDetection().classify(headers, message: message))
    let old = Self.message(.serverDiscover, version: "2025-11-25")
    #expect(throws: MCPMessageError.self) {
      try headers.validate(old, as: try EraDetection().classify(headers, message: old))
    }
  }

  @Test func bodilessRequestsAndBatches() throws {
    #expect(try EraDetection().classify(MirroredHeaders(version: "2026-07-28"), message: nil).era == .modern)
    #expect(try EraDetection().classify(MirroredHeaders(hasSessionID: true), message: nil) == Self.legacy(nil))
    let batch = MCPPayload.batch([Self.message(.ping)])
    #expect(try EraDetection().classify(MirroredHeaders(), payload: batch).era == .legacy)
    let error = #expect(throws: MCPMessageError.self) {
      try EraDetection().classify(MirroredHeaders(version: "2026-07-28"), payload: batch)
    }
    #expect(error?.code == .invalidRequest)
  }

  @Test func revisions() {
    #expect(ProtocolRevision.allCases.map(\.rawValue).sorted() == ProtocolRevision.allCases.sorted().map(\.rawValue))
    #expect(ProtocolRevision.allCases.allSatisfy { ProtocolRevision($0.rawValue) == $0 })
    for text in ["", "2025-11-2", "2025-11-255", "２025-11-25", "draft"] { #expect(ProtocolRevision(text) == nil) }
    #expect(ProtocolRevision.latest.era == .modern && ProtocolRevision.latestLegacy.era == .legacy)
    #expect(ProtocolRevision.allCases.filter(\.allowsBatches) == [.v20250326])
  }

  private func failure(_ detection: EraDetection, _ headers: MirroredHeaders, _ message: MCPMessage) -> MCPMessageError?
  {
    do throws(MCPMessageError) {
      _ = try detection.classify(headers, message: message)
      return nil
    } catch {
      return error
    }
  }
}
