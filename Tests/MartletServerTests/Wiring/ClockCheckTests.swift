import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletServer

struct ClockCheckTests {
  private func problem(at now: Timestamp, newestKeys: [Timestamp] = []) async throws -> InstallationError? {
    let store = MemoryStore()
    let sample = Sample()
    var newest: String?
    for time in newestKeys {
      var key = sample.signingKey()
      key.createdAt = time
      _ = try await store.addSigningKey(key, ifNewestIs: newest, retiringOthersAt: nil)
      newest = key.id
    }
    do {
      try await ClockCheck(keys: store).check(at: now)
      return nil
    } catch let error as InstallationError {
      return error
    }
  }

  @Test func noMartletRanBefore2026() async throws {
    let earliest = ClockCheck.earliest
    #expect(try await problem(at: earliest) == nil)
    for time in [earliest - .milliseconds(1), Timestamp(milliseconds: 0), .distantPast] {
      let error = try #require(try await problem(at: time))
      #expect(error.message.contains("years behind") && error.advice.contains("timedatectl"))
    }
  }

  @Test func theClockIsNotBehindItsOwnRecords() async throws {
    let now = Timestamp(seconds: 1_800_000_000)
    #expect(try await problem(at: now, newestKeys: [now - .seconds(86_400), now]) == nil)
    #expect(try await problem(at: now, newestKeys: [now, now + ClockCheck.tolerance]) == nil, "clocks differ a little")
    let error = try await problem(at: now, newestKeys: [now + .seconds(3600), now])
    #expect(error?.message.contains("60 minutes behind the newest signing key") == true)
    #expect(try await problem(at: now, newestKeys: [now + ClockCheck.tolerance + .milliseconds(1)]) != nil)
  }

  @Test func farAheadIsFineWhereNothingSaysOtherwise() async throws {
    #expect(try await problem(at: Timestamp(seconds: 4_000_000_000), newestKeys: [ClockCheck.earliest]) == nil)
  }
}
