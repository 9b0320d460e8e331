import MartletDomain
import StrictCoding

/// What one count belongs to, inside its tenant: the limit, and what it counts apart.
struct LimitKey: Hashable, Sendable {
  private let limit: ByteString
  private let issuer: ByteString?
  private let subject: ByteString?
  private let client: ClientID?
  private let credential: ByteString?
  private let session: ArtefactDigest?
  private let server: ServerName?
  private let tool: ByteString?
  private let arguments: [UInt8]?

  /// - Parameter isWide: Whether it stands for all tools and arguments that there is no room to count apart.
  init(_ limit: String, _ dimensions: Set<LimitDimension>, _ call: LimitedCall, isLoopGuard: Bool, isWide: Bool) {
    let principal = call.principal
    let credential = principal.grant?.value ?? principal.client.value
    let isOfUser = dimensions.contains(.user)
    self.limit = ByteString(limit)
    issuer = isOfUser ? principal.issuer : nil
    subject = isOfUser ? principal.subject : nil
    client = dimensions.contains(.client) ? principal.client : nil
    session = dimensions.contains(.session) ? call.session : nil
    self.credential =
      dimensions.contains(.key) || (dimensions.contains(.session) && call.session == nil) ? credential : nil
    let isOfTool = dimensions.contains(.tool)
    server = isOfTool || dimensions.contains(.server) ? call.server : nil
    tool = isOfTool && !isWide ? call.tool.map { ByteString(ComparedName($0).canonical) } : nil
    arguments = isLoopGuard ? call.arguments : nil
  }

  /// SHA-256 of what is counted apart, for counts that are stored.
  var digest: [UInt8] {
    let parts = [issuer, subject, client?.value, credential, session.map { ByteString($0.bytes) }, server?.value, tool]
    let fields = parts.map { $0.map { JSONValue.string(Base64URL.encode($0.bytes)) } ?? .null }
    return ApprovalCall.digest(of: JSONWriter.write(.array(fields)))
  }
}
