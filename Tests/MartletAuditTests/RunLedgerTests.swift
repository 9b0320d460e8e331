import Foundation
import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletAudit

/// What a crash takes with it is known afterwards.
@Suite struct RunLedgerTests {
  private let scratch = ScratchFolder()
  private var folder: String { scratch.path }

  @Test func A_06_whatWasAcceptedAndNotWrittenIsCounted() async throws {
    let recorder = AuditRecorder(store: MemoryStore(), chain: .test)
    do {
      let ledger = try #require(RunLedger(folder: folder, id: "00"))
      recorder.count(in: ledger)
      for _ in 0..<5 { recorder.record(AuditEvent(at: FakeClock().now(), action: .loginFailed)) }
      try await recorder.flush()
      for _ in 0..<3 { recorder.record(AuditEvent(at: FakeClock().now(), action: .loginFailed)) }
      #expect(RunLedger.interruptions(in: folder).isEmpty, "its process lives")
      // As the kernel has it after a crash: the numbers stand, the lock is gone.
      try FileManager.default.copyItem(atPath: folder + "/run-00", toPath: folder + "/run-01")
      ledger.end()
    }
    #expect(RunLedger.interruptions(in: folder).map(\.missing) == [3])
    do {
      let found = RunLedger.interruptions(in: folder)
      #expect(found.map(\.missing) == [3], "who found it before couldn't tell it")
      #expect(RunLedger.interruptions(in: folder).isEmpty, "somebody is telling it")
      found.first?.wasTold()
    }
    #expect(RunLedger.interruptions(in: folder).isEmpty, "told once")
  }

  @Test func A_06_anEndInOrderLeavesNothing() throws {
    try #require(RunLedger(folder: folder, id: "00")).end()
    #expect(RunLedger.interruptions(in: folder).isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }
}
