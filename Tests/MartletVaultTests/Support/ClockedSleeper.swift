import MartletDomain
import MartletTestSupport
import MartletVault

/// Sleeps until a test has moved the clock by as much, so that rates and rests are those of the injected time.
struct ClockedSleeper: Sleeper {
  let clock: FakeClock

  func sleep(for duration: Duration) async {
    let end = clock.now() + duration
    while clock.now() < end, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(10)) }
  }
}
