import NIOCore
import NIOPosix
import OAuthProtocol

/// Martlet's way to fetch a URL, the only one for a URL that somebody else chose.
///
/// The name is resolved once, every address is judged, and the connection goes to a judged address; the name is used
/// again for `Host` and the certificate only. Redirects are never followed; there is no proxy, cookie or
/// decompression; body and time are bounded (security-checks V-090…V-093).
public struct SafeFetcher: DocumentFetching {
  private static let maxAddressesTried = 3

  private let policy: AddressPolicy?
  private let resolver: any HostResolver
  private let connector: any HTTPConnector

  init(policy: AddressPolicy?, resolver: any HostResolver, connector: any HTTPConnector) {
    self.policy = policy
    self.resolver = resolver
    self.connector = connector
  }

  /// A fetcher for URLs that others chose: client metadata documents, discovered URLs, `jwks_uri`.
  ///
  /// - Parameters:
  ///   - policy: Which addresses may be reached; https only, unless the policy names the address explicitly.
  ///   - certificateAuthorityFile: PEM file of authorities to trust beside the system's (`egress.ca_file`).
  ///   - resolver: Where names become addresses.
  ///   - group: Event loops for the connections.
  /// - Returns: The fetcher.
  /// - Throws: An error of the TLS library when the file can't be read.
  public static func guarded(
    policy: AddressPolicy, certificateAuthorityFile: String? = nil,
    resolver: any HostResolver = SystemHostResolver.guarded(),
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) throws -> SafeFetcher {
    SafeFetcher(
      policy: policy, resolver: resolver,
      connector: try NIOConnector(group: group, certificateAuthorityFile: certificateAuthorityFile))
  }

  /// A fetcher for destinations that the operator wrote into the configuration (`servers.*.url`, `issuer`): any
  /// address, plain http too, all other limits as ever.
  ///
  /// - Parameters:
  ///   - certificateAuthorityFile: PEM file of authorities to trust beside the system's (`egress.ca_file`).
  ///   - resolver: Where names become addresses.
  ///   - group: Event loops for the connections.
  /// - Returns: The fetcher.
  /// - Throws: An error of the TLS library when the file can't be read.
  public static func operatorConfigured(
    certificateAuthorityFile: String? = nil, resolver: any HostResolver = SystemHostResolver.operatorConfigured(),
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) throws -> SafeFetcher {
    SafeFetcher(
      policy: nil, resolver: resolver,
      connector: try NIOConnector(group: group, certificateAuthorityFile: certificateAuthorityFile))
  }

  /// Fetches a document by `GET`.
  public func get(
    _ url: AbsoluteURL, accept: String, limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    try await send("GET", url, headers: [("accept", accept)], body: [], limits: limits)
  }

  /// Fetches by `GET` with further header fields.
  ///
  /// - Parameters:
  ///   - url: Where; the same rules as for `get`.
  ///   - headers: All fields beside those of the connection.
  ///   - limits: Bytes and time.
  /// - Returns: The answer, whatever its status.
  /// - Throws: `FetchError`.
  public func get(
    _ url: AbsoluteURL, headers: [(String, String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    try await send("GET", url, headers: headers, body: [], limits: limits)
  }

  /// Posts something.
  public func post(
    _ url: AbsoluteURL, body: RequestBody, headers: [(name: String, value: String)], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    let own = [("accept", body.accept), ("content-type", body.contentType)]
    return try await send(
      "POST", url, headers: own + headers.map { ($0.name, $0.value) }, body: body.bytes, limits: limits)
  }

  private func send(
    _ method: String, _ url: AbsoluteURL, headers: [(String, String)], body: [UInt8], limits: FetchLimits
  ) async throws(FetchError) -> FetchedDocument {
    let deadline = NIODeadline.now() + Self.time(limits.totalSeconds)
    var serverName: String?
    if case .name(let name) = url.host { serverName = name }
    let request = ConnectionRequest(
      method: method, host: url.host.string, serverName: serverName, port: url.effectivePort,
      usesTLS: url.scheme == .https,
      target: url.requestTarget, headers: headers.map { (name: $0.0, value: $0.1) }, body: body,
      maxBytes: limits.maxBytes, deadline: deadline, connectTime: Self.time(limits.connectSeconds))
    var last = FetchError.unresolvable("no address")
    for address in try await checkedAddresses(of: url, deadline: deadline).prefix(Self.maxAddressesTried) {
      do {
        return try await connector.exchange(request, at: address)
      } catch .notConnected(let error) {
        last = error
      } catch {
        throw error.fetchError
      }
    }
    throw last
  }

  private static func time(_ seconds: Double) -> TimeAmount {
    .milliseconds(Int64(max(0, min(seconds, 600)) * 1000))
  }

  private func checkedAddresses(of url: AbsoluteURL, deadline: NIODeadline) async throws(FetchError) -> [IPAddress] {
    let addresses: [IPAddress]
    switch url.host {
    case .ipv4(let bytes), .ipv6(let bytes): addresses = IPAddress(bytes: bytes).map { [$0] } ?? []
    case .name(let name): addresses = try await resolver.addresses(of: name, deadline: deadline)
    }
    guard let policy else { return addresses }
    return try policy.admissible(addresses, plainHTTP: url.scheme == .http)
  }
}

extension AddressPolicy {
  /// The addresses of one host that may be connected to.
  ///
  /// A host with both public and blocked addresses is a trap or a mistake: of such a host, only addresses that the
  /// operator named are used (`localhost` with 127.0.0.1 allowed and `::1` not).
  func admissible(_ addresses: [IPAddress], plainHTTP: Bool) throws(FetchError) -> [IPAddress] {
    let verdicts = addresses.map { verdict(on: $0) }
    let named = zip(addresses, verdicts).filter { $0.1 == .explicitlyAllowed }.map(\.0)
    if plainHTTP {
      guard !named.isEmpty else { throw .blocked("plain http is for addresses in egress.allow only") }
      return named
    }
    for case .blocked(let range) in verdicts {
      guard !named.isEmpty else { throw .blocked("address in \(range)") }
      return named
    }
    return addresses
  }
}
