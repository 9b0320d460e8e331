import ArgumentParser
import MartletAuthorizationServer
import MartletDomain
import MartletServer
import StrictCoding

/// Why a command did nothing: what is wrong in one line, what to do about it in the next.
struct CommandFailure: Error, CustomStringConvertible {
  let message: String
  let advice: String
  let code: Int32

  init(_ message: String, advice: String, code: Int32 = 1) {
    self.message = message
    self.advice = advice
    self.code = code
  }

  var description: String { "\(message)\n\(advice)" }

  /// Turns what went wrong into words and an exit code: 1 failed, 2 misused or misconfigured.
  static func translating(_ work: () async throws -> Void) async throws {
    do {
      try await work()
    } catch let problems as ConfigurationProblems {
      let count = problems.problems.count
      Terminal.error("martlet: the configuration has \(count == 1 ? "a problem" : "\(count) problems")\n\(problems)")
      throw ExitCode(2)
    } catch let failure as CommandFailure {
      Terminal.error("martlet: \(failure)")
      throw ExitCode(failure.code)
    } catch let error as StoreError {
      Terminal.error("martlet: \(CommandFailure(error))")
      throw ExitCode(1)
    } catch let error as SigningKeyError {
      Terminal.error("martlet: \(CommandFailure(error))")
      throw ExitCode(1)
    } catch let error where error is CleanExit || error is ExitCode || error is ValidationError {
      throw error
    } catch {
      Terminal.error("martlet: \(error)")
      throw ExitCode(1)
    }
  }
}

extension CommandFailure {
  init(_ error: StoreError) {
    switch error {
    case .unavailable(let reason):
      self.init(
        "the database can't be used: \(PlainText.sanitized(reason))",
        advice: "See that data_dir has room, is this user's, and is held by no other program; then run this again.")
    case .corrupt(let reason):
      self.init(
        "the database can't be read: \(PlainText.sanitized(reason))",
        advice: "Restore data_dir from a backup, or update Martlet if a newer version wrote it.")
    }
  }
}

extension CommandFailure {
  init(_ error: SigningKeyError) {
    switch error {
    case .store(let error): self.init(error)
    case .unreadable(let kid, _):
      self.init(
        "the signing key \(kid) can't be opened: it was sealed with another master key",
        advice: "Put the master.key that belongs to this database back.")
    case .noKey: self.init("there is no signing key", advice: "Start `martlet serve` once.")
    case .contended: self.init("another process rotates keys at the same moment", advice: "Run this again.")
    case .signing: self.init("the cryptographic library refused to make a key", advice: "Run this again.")
    }
  }
}
