/// The network that a stranger's request came from, so that what strangers may store is shared out by network: many
/// addresses of one network are one stranger.
public struct NetworkPrefix: Sendable, Hashable {
  /// The bytes that tell it from others.
  public let bytes: [UInt8]

  /// Wraps the network's part of an address.
  public init(bytes: [UInt8]) { self.bytes = bytes }
}
