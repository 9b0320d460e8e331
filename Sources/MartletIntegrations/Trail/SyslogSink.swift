import Foundation
import MartletAudit
import MartletDomain
import NIOCore
import NIOPosix
import Synchronization

/// The trail as syslog messages. Syslog answers nothing, so a record counts as told once the system has taken it.
public final class SyslogSink: TrailSink {
  private let address: SyslogAddress
  private let message: SyslogMessage
  private let group: any EventLoopGroup
  private let channel = Mutex<(any Channel)?>(nil)

  /// - Parameters:
  ///   - address: Where syslog listens.
  ///   - facility: 0 to 23; 13 is "log audit".
  ///   - group: Event loops for the connection.
  public init(
    address: SyslogAddress, facility: Int, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) {
    self.address = address
    self.group = group
    message = SyslogMessage(
      facility: facility, host: Self.hostName, process: "\(ProcessInfo.processInfo.processIdentifier)")
  }

  /// `syslog:` and the address.
  public var name: String { Self.name(address) }

  /// How the sink of an address is named.
  public static func name(_ address: SyslogAddress) -> String { "syslog:\(address.text)" }

  /// Sends messages.
  public func take(_ records: [PlacedRecord]) async throws(TrailSinkFailure) {
    do {
      let channel = try await connected()
      let written = records.map { placed in
        channel.write(ByteBuffer(bytes: framed(message.bytes(placed.record))))
      }
      channel.flush()
      try await EventLoopFuture.andAllSucceed(written, on: channel.eventLoop).get()
    } catch {
      await close()
      throw TrailSinkFailure(
        "\(address.text) takes no messages: \(error)", advice: "Check that syslog runs and listens there.")
    }
  }

  /// Ends the connection.
  public func close() async {
    let open = channel.withLock { channel in
      defer { channel = nil }
      return channel
    }
    try? await open?.close()
  }

  private func connected() async throws -> any Channel {
    if let open = channel.withLock({ $0 }), open.isActive { return open }
    let open =
      switch address {
      case .udp(let host, let port): try await DatagramBootstrap(group: group).connect(host: host, port: port).get()
      case .unix(let path): try await DatagramBootstrap(group: group).connect(unixDomainSocketPath: path).get()
      case .tcp(let host, let port):
        try await ClientBootstrap(group: group).connectTimeout(.seconds(5)).connect(host: host, port: port).get()
      }
    channel.withLock { $0 = open }
    return open
  }

  private func framed(_ bytes: [UInt8]) -> [UInt8] {
    if case .tcp = address { return Array("\(bytes.count) ".utf8) + bytes }
    return bytes
  }

  /// RFC 5424 §6.2.4: visible ASCII, at most 255 bytes.
  private static var hostName: String {
    let name = ProcessInfo.processInfo.hostName
    let isFit = (1...255).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    return isFit ? name : "-"
  }
}
