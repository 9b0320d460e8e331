import Foundation
import NIOCore
import StrictCoding

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
    let name = "Cpus_allowed:".utf8
    guard let line = status.utf8.split(separator: 0x0A).first(where: { $0.starts(with: name) }) else { return nil }
    return line.dropFirst(name.count).reduce(0) { $0 + Int(Hex.value(of: $1)?.nonzeroBitCount ?? 0) }
  }
}
