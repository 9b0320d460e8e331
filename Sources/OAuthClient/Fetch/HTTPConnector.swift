/// Makes one connection to exactly the address given and exchanges one request on it.
protocol HTTPConnector: Sendable {
  /// - Returns: The whole answer, whatever its status.
  func exchange(_ request: ConnectionRequest, at address: IPAddress) async throws(ExchangeError) -> FetchedDocument
}

/// How far an exchange got before it failed.
enum ExchangeError: Error {
  /// Nothing was sent: another address may be tried.
  case notConnected(FetchError)
  /// The other side may have seen the request.
  case failed(FetchError)

  var fetchError: FetchError {
    switch self {
    case .notConnected(let error), .failed(let error): error
    }
  }
}
