import MartletDomain

/// Makes an empty store for one check.
public typealias StoreMaker = @Sendable () async throws -> any DurableStore

/// Makes an empty store and opens it so many times, as so many processes would.
public typealias SharedStoreMaker = @Sendable (_ handles: Int) async throws -> [any DurableStore]

/// What a store did that its protocol rules out.
public struct ContractViolation: Error, CustomStringConvertible {
  /// What was expected, where, and what came instead.
  public let description: String

  init(_ what: String, file: StaticString, line: UInt) { description = "\(file):\(line): \(what)" }
}

func expect(
  _ condition: Bool, _ what: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws {
  guard condition else { throw ContractViolation(what(), file: file, line: line) }
}

func expect<Value: Equatable>(
  _ value: Value, is expected: Value, _ what: @autoclosure () -> String = "", file: StaticString = #fileID,
  line: UInt = #line
) throws {
  guard value == expected else {
    throw ContractViolation("\(what()): expected \(expected), got \(value)", file: file, line: line)
  }
}

/// Runs an operation so many times at once, spread over the stores.
///
/// - Returns: The answers, in the order of the numbers.
func atOnce<Answer: Sendable>(
  _ count: Int, over stores: [any DurableStore],
  _ operation: @escaping @Sendable (_ number: Int, _ store: any DurableStore) async throws -> Answer
) async throws -> [Answer] {
  try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
    for number in 0..<count {
      let store = stores[number % stores.count]
      group.addTask { (number, try await operation(number, store)) }
    }
    var answers: [(Int, Answer)] = []
    for try await answer in group { answers.append(answer) }
    return answers.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
