import MartletDomain
import MartletVault

/// Sleeps a little, whatever it is asked for: a test moves the clock itself.
struct BriefSleeper: Sleeper {
  func sleep(for duration: Duration) async {
    try? await Task.sleep(for: max(.zero, min(duration, .milliseconds(5))))
  }
}
