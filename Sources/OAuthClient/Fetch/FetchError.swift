/// Why an outbound request brought no usable document.
public enum FetchError: Error, Hashable, Sendable {
  /// The URL, or every address of its host, is refused by policy; the text is for the operator, never for the client.
  case blocked(String)
  /// The host name didn't resolve, or the resolver didn't answer.
  case unresolvable(String)
  /// No connection could be made, or it broke.
  case connectionFailed(String)
  /// The server's certificate or the TLS handshake was refused.
  case tlsFailed(String)
  /// The total time was used up.
  case timedOut
  /// Too many fetches at present.
  case saturated
  /// The answer isn't well-formed HTTP, or has a content coding nobody asked for.
  case malformedResponse(String)
  /// The answer has more bytes than allowed.
  case tooLarge(limit: Int)
  /// A status other than the ones that the caller can use; redirects are never followed.
  case unexpectedStatus(Int)
  /// The answer isn't the JSON that was asked for.
  case notJSON(String)

  /// Whether the same request may well succeed later, so that nothing may be concluded about the other side's identity.
  public var isTransient: Bool {
    switch self {
    case .unresolvable, .connectionFailed, .tlsFailed, .timedOut, .saturated: true
    case .unexpectedStatus(let status): status >= 500 || status == 429 || status == 408 || status == 425
    case .blocked, .malformedResponse, .tooLarge, .notJSON: false
    }
  }
}
