import MCPProtocol
import StrictCoding

/// Turns the response of a legacy server into what the modern client hears.
struct AnswerFromLegacy: Sendable {
  let server: LegacyServer
  let features: ClientFeatures
  let method: MCPMethod

  /// Turns a response.
  ///
  /// - Parameters:
  ///   - outcome: How the server answered.
  ///   - missing: What the server asked for meanwhile and the client hadn't declared. A failure is put down to that.
  func modern(_ outcome: MCPResponse.Outcome, missing: [ClientFeatures.Feature] = []) -> ModernAnswer {
    switch outcome {
    case .result(let result):
      if !missing.isEmpty, result["isError"]?.boolValue == true { return ModernAnswer(missing: missing) }
      guard let modern = ModernResult(server: server).modern(result, of: method) else {
        return ModernAnswer(.internalError, "The server's result is not an object.")
      }
      return ModernAnswer(.result(modern))
    case .error(let failure):
      return missing.isEmpty ? self.failure(failure) : ModernAnswer(missing: missing)
    }
  }

  private func failure(_ failure: MCPResponse.Failure) -> ModernAnswer {
    switch failure.code {
    case .legacyURLElicitationRequired: return pages(failure)
    case .legacyResourceNotFound: return ModernAnswer(.invalidParams, failure.message, data: failure.data)
    // In the legacy era these were anybody's; in the modern one they say something about the client's request.
    case let code where (-32_099 ... -32_020).contains(code.rawValue):
      return ModernAnswer(.internalError, failure.message, data: failure.data)
    default: return ModernAnswer(.error(failure))
    }
  }

  /// `-32042` becomes the request for input that the modern era has in its place. No state goes with it: the server
  /// refused the call, so that the client's next one is a call of its own.
  private func pages(_ failure: MCPResponse.Failure) -> ModernAnswer {
    let pages = (failure.data?["elicitations"]?.arrayValue ?? []).enumerated().compactMap { index, page in
      AskedInput(urlElicitation: page, key: "page-\(index + 1)")
    }
    guard LegacyRequest.takesInput(method), !pages.isEmpty else {
      return ModernAnswer(.internalError, failure.message)
    }
    guard features.declared.contains(.urlElicitation) else { return ModernAnswer(missing: [.urlElicitation]) }
    return ModernAnswer(asking: pages, state: nil, server: server)
  }
}
