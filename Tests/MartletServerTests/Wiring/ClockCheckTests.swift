import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletServer

struct ClockCheckTests {
  private func problem(at now: Timestamp, newestKeys: [Timestamp] = []) async throws -> InstallationError? {
    do {
      _ = try await doubt(at: now, newestKeys: newestKeys)
      return nil
    } catch let error as InstallationError {
      return error
    }
  }

  private func doubt(at now: Timestamp, newestKeys: [Timestamp]) async throws -> String? {
    let store = MemoryStore()
    let sample = Sample()
    var newest: String?
    for time in newestKeys {
      var key = sample.signingKey()
      key.createdAt = time
      _ = try await store.addSigningKey(key, ifNewestIs: newest, retiringOthersAt: nil)
      newest = key.id
    }
    return try await ClockCheck(keys: store).check(at: now)
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

  @Test func noMartletOfTodayRunsFor20Years() async throws {
    #expect(try await problem(at: ClockCheck.latest - .milliseconds(1)) == nil)
    for time in [ClockCheck.latest, Timestamp(seconds: 4_000_000_000), .distantFuture] {
      #expect(try await problem(at: time)?.message.contains("years ahead") == true)
    }
  }

  /// It may have been switched off for so long; nobody but its operator can know.
  @Test func farAheadOfItsRecordsIsTold() async throws {
    let now = Timestamp(seconds: 1_800_000_000)
    let silence = ClockCheck.silence
    #expect(try await doubt(at: now + silence, newestKeys: [now]) == nil)
    let told = try await doubt(at: now + silence + .seconds(86_400), newestKeys: [now])
    #expect(told?.contains("367 days old") == true)
  }
}
