import MCPProtocol
import MartletDomain
import MartletPolicy
import NIOCore
import StrictCoding

/// Asks an external engine, where there is one, about calls that Martlet's own rules don't refuse, and about the tools of
/// a list before it is fetched. Whatever it doesn't allow is refused; so is everything while it doesn't answer.
struct OracleGate: Sendable {
  /// How many tools of a list are asked about at the same time.
  private static let atOnce = 8

  let oracle: any PolicyOracle
  let catalogue: ToolCatalogue

  /// - Returns: The question, with which tools may be seen.
  func pass(_ question: PolicyQuestion, _ request: ClassifiedRequest, on eventLoop: any EventLoop)
    -> Staged<PolicyQuestion>
  {
    guard request.method == .toolsList || request.message == nil else {
      return called(question, request, on: eventLoop)
    }
    return catalogue.definitions(with: "", for: request, on: eventLoop).then(on: eventLoop) { definitions in
      var question = question
      question.facts.definitions = definitions
      return listed(question, request, on: eventLoop)
    }
  }

  private func called(_ question: PolicyQuestion, _ request: ClassifiedRequest, on eventLoop: any EventLoop)
    -> Staged<PolicyQuestion>
  {
    if let tool = request.message?.request?.toolName, question.facts.definitions?.tools[ByteString(tool)] == nil {
      return .ready(.failure(.denied(reason: "unknown_tool", id: request.id)))
    }
    let refused = Rejection.denied(reason: "opa", id: request.id)
    var missing: [OracleQuestion] = []
    for asked in question.oracleQuestions {
      guard let isAllowed = oracle.remembered(asked) else {
        missing.append(asked)
        continue
      }
      if !isAllowed { return .ready(.failure(refused)) }
    }
    if missing.isEmpty { return .ready(.success(question)) }
    let open = missing
    let oracle = self.oracle
    return .later(
      eventLoop.makeFutureWithTask { () async -> Result<PolicyQuestion, Rejection> in
        switch await Self.allows(open, oracle) {
        case true?: return .success(question)
        case false?: return .failure(refused)
        case nil: return .failure(.temporarilyUnavailable(reason: "opa", id: request.id))
        }
      })
  }

  /// Whether it allows all of it; `nil` where it doesn't answer.
  private static func allows(_ questions: [OracleQuestion], _ oracle: any PolicyOracle) async -> Bool? {
    for question in questions {
      guard let isAllowed = try? await oracle.ask(question) else { return nil }
      if !isAllowed { return false }
    }
    return true
  }

  private func listed(_ question: PolicyQuestion, _ request: ClassifiedRequest, on eventLoop: any EventLoop)
    -> Staged<PolicyQuestion>
  {
    var shown: Set<ByteString> = []
    var open: [(ByteString, OracleQuestion)] = []
    for (tool, asked) in question.listQuestions {
      switch oracle.remembered(asked) {
      case true?: shown.insert(tool)
      case false?: break
      case nil: open.append((tool, asked))
      }
    }
    let (known, questions, oracle) = (shown, open, self.oracle)
    if questions.isEmpty { return .ready(.success(question.showing(known))) }
    return .later(
      eventLoop.makeFutureWithTask { () async -> Result<PolicyQuestion, Rejection> in
        guard let allowed = await Self.allowed(questions, oracle) else {
          return .failure(.temporarilyUnavailable(reason: "opa", id: request.id))
        }
        return .success(question.showing(known.union(allowed)))
      })
  }

  /// Those that it allows; `nil` where it doesn't answer about one.
  private static func allowed(_ questions: [(ByteString, OracleQuestion)], _ oracle: any PolicyOracle) async
    -> Set<ByteString>?
  {
    var allowed: Set<ByteString> = []
    var rest = questions[...]
    while !rest.isEmpty {
      let batch = Array(rest.prefix(atOnce))
      rest = rest.dropFirst(atOnce)
      let answers = await withTaskGroup(of: (ByteString, Bool?).self) { group in
        for (tool, question) in batch { group.addTask { (tool, try? await oracle.ask(question)) } }
        var answers: [(ByteString, Bool?)] = []
        for await answer in group { answers.append(answer) }
        return answers
      }
      for (tool, isAllowed) in answers {
        guard let isAllowed else { return nil }
        if isAllowed { allowed.insert(tool) }
      }
    }
    return allowed
  }
}

extension PolicyQuestion {
  fileprivate func showing(_ tools: Set<ByteString>) -> PolicyQuestion {
    var question = self
    question.facts.shownTools = tools
    return question
  }
}
