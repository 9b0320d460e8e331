import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Keeps what a process holds in memory out of core dumps: keys and tokens are among it.
public enum CoreDumps {
  /// Forbids them for this process and what it starts.
  public static func forbid() {
    #if canImport(Glibc)
      // One byte rather than none: with a limit of one the kernel starts no collector of cores either (core(5)).
      var limit = rlimit(rlim_cur: 1, rlim_max: 1)
      _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
      // Were one written all the same, it would hold no memory.
      guard let filter = fopen("/proc/self/coredump_filter", "w") else { return }
      fputs("0", filter)
      fclose(filter)
    #else
      var limit = rlimit(rlim_cur: 0, rlim_max: 0)
      _ = setrlimit(RLIMIT_CORE, &limit)
    #endif
  }
}
