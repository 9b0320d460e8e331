import MartletDomain
import StrictCoding

/// A request, as limits see it.
public struct LimitedCall: Sendable {
  /// Who calls.
  public let principal: Principal
  /// Which session it belongs to; `nil` where the client has none.
  public let session: ArtefactDigest?
  /// Which server it is for.
  public let server: ServerName
  /// Which tool it calls; `nil` for other requests.
  public let tool: ByteString?
  /// A digest of the arguments, where loops are looked for.
  public let arguments: [UInt8]?

  /// Describes a call.
  public init(
    principal: Principal, session: ArtefactDigest?, server: ServerName, tool: ByteString?, arguments: [UInt8]?
  ) {
    self.principal = principal
    self.session = session
    self.server = server
    self.tool = tool
    self.arguments = arguments
  }
}
