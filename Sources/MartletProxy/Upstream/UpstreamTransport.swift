import MCPProtocol
import MartletDomain
import NIOCore

/// Why an upstream gave no usable answer.
public enum UpstreamFailure: Error, Sendable, Hashable {
  /// No connection could be made; nothing was sent.
  case unreachable
  /// The connection ended before the answer was complete.
  case disconnected
  /// It took too long.
  case timeout
  /// What came is not HTTP, or more than may be read.
  case malformed
  /// What came is compressed or otherwise encoded, though nobody asked for it.
  case encoded
  /// The user has to connect an account at the server first; the server took nothing.
  case connectionRequired(ConnectionNeed)
  /// The credential can't be had right now; the server took nothing.
  case credentialUnavailable

  /// The server goes on wanting scopes that its user was asked for several times; which. It took nothing.
  case scopesExhausted(String)

  /// A stable code for the trail.
  public var code: String {
    switch self {
    case .unreachable: "unreachable"
    case .disconnected: "disconnected"
    case .timeout: "timeout"
    case .malformed: "malformed"
    case .encoded: "content_encoding"
    case .connectionRequired: "connection_required"
    case .credentialUnavailable: "credential_unavailable"
    case .scopesExhausted: "scopes_exhausted"
    }
  }

  /// Whether the server surely did nothing: it wasn't reached, or refused whoever asked.
  var isUnheard: Bool {
    switch self {
    case .unreachable, .connectionRequired, .credentialUnavailable, .scopesExhausted: true
    case .disconnected, .timeout, .malformed, .encoded: false
    }
  }

  /// The same as a refusal of a request.
  func rejection(answering id: JSONRPCID?) -> Rejection {
    switch self {
    case .connectionRequired(let need): .connectionRequired(need, id: id)
    case .scopesExhausted(let scopes): .scopesExhausted(scopes, id: id)
    default: .upstreamUnavailable(reason: code, id: id)
    }
  }
}

/// Takes an upstream's answer, on the event loop that the request was sent from.
public protocol UpstreamReceiver: AnyObject {
  /// The head arrived.
  func upstreamAnswered(status: Int, headers: HeaderFields)
  /// A part of the body arrived.
  func upstreamSent(_ bytes: ByteBuffer)
  /// The answer is complete.
  func upstreamFinished()
  /// There will be no (further) answer. Called at most once, and nothing after it.
  func upstreamFailed(_ failure: UpstreamFailure)
}

/// A request on its way. Used on its event loop only.
public protocol UpstreamCall: AnyObject {
  /// Stops or goes on reading, so that a slow client slows the upstream down.
  func setReading(_ reading: Bool)
  /// Ends it; the receiver hears nothing more.
  func cancel()
  /// The instance that it is under way at; `nil` for none, or where it is over.
  var instance: UpstreamInstance? { get }
}

extension UpstreamCall {
  /// A call that doesn't choose between instances has none.
  public var instance: UpstreamInstance? { nil }
}

/// Carries requests to an upstream: HTTP now, stdio and others later.
public protocol UpstreamTransport: Sendable {
  /// Sends a request.
  ///
  /// - Parameters:
  ///   - request: What to send; handed over, since it has many parts to copy.
  ///   - receiver: Who takes the answer.
  ///   - eventLoop: Where both live; the call must come from it.
  func send(_ request: consuming OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall

  /// Ends what is open at servers beyond single requests, where the right to it is gone (V-041).
  ///
  /// - Parameter isOver: Tells so of whoever last used it.
  func endSessions(where isOver: @escaping @Sendable (Principal) -> Bool)
}

extension UpstreamTransport {
  /// A transport that holds nothing between requests has nothing to end.
  public func endSessions(where isOver: @escaping @Sendable (Principal) -> Bool) {}
}
