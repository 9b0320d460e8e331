import MartletDomain
import MartletTestSupport
import Testing

/// The memory store can be told to fail, as a store on a disk would.
@Suite struct MemoryStoreTests {
  @Test func failingStoreFails() async throws {
    let store = MemoryStore()
    store.fail(with: .unavailable("a test"))
    await #expect(throws: StoreError.unavailable("a test")) { _ = try await store.users() }
    store.fail(with: nil)
    #expect(try await store.users() == [])
  }
}
