import Foundation
import NIOCore

/// The processors that this process may run on.
enum Processors {
  /// How many: what the machine and the control group give, and no more than `taskset` or a cpuset leaves.
  static var count: Int {
    let machine = max(1, System.coreCount)
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8), let allowed = allowed(status)
    else { return machine }
    return min(machine, max(1, allowed))
  }

  /// Reads Linux's account of the process.
  ///
  /// - Returns: `nil` where the line isn't there, as on other systems.
  static func allowed(_ status: String) -> Int? {
    let name = "Cpus_allowed:"
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
    return line.dropFirst(name.count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
  }
}
