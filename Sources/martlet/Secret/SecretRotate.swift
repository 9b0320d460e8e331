import ArgumentParser
import MartletServer
import StrictCoding
import Synchronization

/// `martlet secret rotate`.
struct SecretRotate: AsyncParsableCommand {
  enum Part: String, ExpressibleByArgument, CaseIterable {
    case masterKey = "master-key"
    case dataKeys = "data-keys"
  }

  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Replace the master key and every tenant's data key; nothing stops for it.",
    discussion: """
      Everything that was sealed is sealed anew, and an old key goes when nothing is sealed under it any more: logins that
      are under way take up to ten minutes. A running `martlet serve` sees to that; --wait does so here. What was killed is
      gone on with by running this again.

      Make a copy of master.key first: backups made until now open with that one alone.

      Examples:
        martlet secret rotate
        martlet secret rotate --only data-keys --wait
      """)

  @Option(help: "master-key or data-keys; both without.")
  var only: Part?

  @Flag(help: "Wait until the old keys are gone.")
  var wait = false

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let shown = Mutex(0)
      let rotation = SecretRotation(installation) { progress in
        let done = progress.values + progress.credentials
        let isWorthIt = shown.withLock { shown in
          guard done >= shown + 1000 else { return false }
          shown = done
          return true
        }
        if isWorthIt { Terminal.error("sealed anew so far: \(done)") }
      }
      var total = SecretRotation.Progress()
      total.add(
        try await rotation.run(SecretRotation.Scope(masterKey: only != .dataKeys, dataKeys: only != .masterKey)))
      if wait, !total.isEnded {
        Terminal.error("Waiting until nothing is sealed under the old keys: up to ten minutes.")
      }
      while wait, !total.isEnded {
        try await Task.sleep(for: .seconds(2))
        // A running gateway may have ended it meanwhile.
        guard try await installation.sealing.keyRotation() != nil else {
          total.isEnded = true
          break
        }
        total.add(try await rotation.run(nil))
      }
      show(total, sealing: installation.sealer.keyName, in: installation.masterKeyFile)
    }
  }

  private func show(_ total: SecretRotation.Progress, sealing name: String, in file: String?) {
    if options.json {
      return Terminal.out([
        "is_ended": .bool(total.isEnded), "master_key": .string(name), "values": .integer(Int64(total.values)),
        "data_keys": .integer(Int64(total.dataKeys)), "credentials": .integer(Int64(total.credentials)),
        "unreadable": .integer(Int64(total.unreadable)), "retired_keys": .integer(Int64(total.retired)),
      ])
    }
    Terminal.out("Sealed anew: \(total.credentials) credentials and \(total.values) keys and secrets.")
    if total.unreadable > 0 {
      Terminal.out("\(total.unreadable) credentials can't be opened; their key stays. Their owners have to reconnect.")
    }
    Terminal.out(
      total.isEnded
        ? "The old keys are gone."
        : "The old keys go when nothing is sealed under them; `martlet secret status` shows it.")
    let isReplaced = only != .dataKeys
    Terminal.out(
      (file.flatMap { isReplaced ? "Copy \($0) to where you keep it, and make" : nil } ?? "Make") + " a new backup.")
  }
}

extension SecretRotation.Progress {
  fileprivate mutating func add(_ other: Self?) {
    guard let other else { return }
    values += other.values
    dataKeys += other.dataKeys
    credentials += other.credentials
    unreadable = other.unreadable
    retired += other.retired
    isEnded = other.isEnded
  }
}
