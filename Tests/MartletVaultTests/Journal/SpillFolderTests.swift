import Crypto
import Foundation
import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletVault

/// The journal on disk.
@Suite struct SpillFolderTests {
  let rig = VaultRig()

  private func spilled(_ key: ConnectionKey, version: Int, epoch: Int, scope: Bool = true) -> SpilledTokens {
    SpilledTokens(
      key: key, version: version, epoch: epoch,
      tokens: SealedTokens(
        sealedCredential: rig.sample.random.bytes(90), isRefreshable: version % 2 == 0,
        scope: scope ? ["read", "write"] : nil, expiresAt: scope ? rig.clock.now() : nil,
        refreshAt: scope ? rig.clock.now() + .seconds(5) : nil))
  }

  /// What was kept is found again, by another process too, and of one version the newest lease's.
  @Test func R_03_newestLeaseIsFound() throws {
    let keys = [
      rig.sample.connectionKey(), rig.sample.connectionKey(tenant: "acme"),
      ConnectionKey(tenant: .default, route: RouteID(space: "acme", server: "time"), owner: .tenant),
    ]
    #expect(try rig.journal.all().isEmpty)
    #expect(try rig.journal.newest(of: keys[0], version: 1) == nil)
    for key in keys {
      for (version, epoch) in [(1, 10), (1, 9), (1, 2), (2, 11), (12, 12)] {
        try rig.journal.keep(spilled(key, version: version, epoch: epoch, scope: epoch != 9))
      }
      #expect(try rig.journal.newest(of: key, version: 1)?.epoch == 10)
      #expect(try rig.journal.newest(of: key, version: 2)?.epoch == 11)
      #expect(try rig.journal.newest(of: key, version: 3) == nil)
    }
    #expect(try rig.journal.all().count == 9)
    rig.journal.forget(keys[0], through: 2)
    #expect(try rig.journal.newest(of: keys[0], version: 2) == nil)
    #expect(try rig.journal.newest(of: keys[0], version: 12)?.epoch == 12)
    #expect(try rig.journal.all().count == 7)
  }

  @Test func everythingComesBack() throws {
    for index in 0..<20 {
      let entry = spilled(rig.sample.connectionKey(), version: index + 1, epoch: index, scope: index % 3 != 0)
      try rig.journal.keep(entry)
      #expect(try rig.journal.newest(of: entry.key, version: entry.version) == entry)
    }
  }

  /// A file that was altered, or moved to another name, is refused for its connection and doesn't hide the others.
  @Test func alteredFilesAreRefused() throws {
    let (good, bad) = (rig.sample.connectionKey(), rig.sample.connectionKey())
    try rig.journal.keep(spilled(bad, version: 1, epoch: 1))
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: rig.folder).first)
    let path = rig.folder + "/" + name
    var bytes = try #require(FileManager.default.contents(atPath: path))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    bytes[bytes.count - 1] ^= 1
    #expect(FileManager.default.createFile(atPath: path, contents: bytes))
    try rig.journal.keep(spilled(good, version: 1, epoch: 1))
    #expect(throws: SealError.self) { try rig.journal.newest(of: bad, version: 1) }
    #expect(try rig.journal.all().map(\.key) == [good])
    let later = path.replacingOccurrences(of: "-1-1.", with: "-1-7.")
    bytes[bytes.count - 1] ^= 1
    #expect(FileManager.default.createFile(atPath: later, contents: bytes))
    #expect(throws: SealError.self) { try rig.journal.newest(of: bad, version: 1) }
  }

  /// A disk that can't be written to says so.
  @Test func unwritableFolderIsAnError() throws {
    let folder = SpillFolder(path: "/proc/no-such-folder", sealer: rig.sealer)
    #expect(throws: (any Error).self) { try folder.keep(spilled(rig.sample.connectionKey(), version: 1, epoch: 1)) }
  }
}
