import MartletDomain
import MartletTestSupport
import MartletVault
import Testing

/// Every order in which the steps of several processes, their deaths, failures of the store and lost answers can come.
@Suite struct RefreshSearchTests {
  private typealias Plans = [(calls: Int, faults: ModelFaults)]

  private static let few: Plans = [(1, ModelFaults(crashes: 1, storeFailures: 1, pauses: 1, losses: 1))]

  /// More of everything at once would be more worlds than a machine's memory holds.
  private static let all: Plans = [
    (1, ModelFaults(crashes: 1, storeFailures: 1, pauses: 1, losses: 1, revocations: 1)),
    (1, ModelFaults(crashes: 1, storeFailures: 2, pauses: 2, losses: 1)),
    (2, ModelFaults(crashes: 1, storeFailures: 1, pauses: 1, losses: 1)),
  ]

  @Test(arguments: ModelServer.Temper.allCases)
  func R_00_nothingIsLostInAnyOrder(_ temper: ModelServer.Temper) throws {
    for (calls, faults) in TestCounts.isFull ? Self.all : Self.few {
      let world = ModelWorld(nodes: 3, calls: calls, tokens: 2, temper: temper, faults: faults)
      let count = try RefreshSearch().run(from: world)
      TestCounts.prove("R-00", count: count)
      #expect(count > 1000)
    }
  }

  /// The search is worth what it finds.
  @Test(arguments: ModelMutation.allCases)
  func R_00_everyMistakeIsFound(_ mutation: ModelMutation) throws {
    let faults = ModelFaults(crashes: 1, storeFailures: 2, pauses: 2, losses: 1)
    // The first forgives least, and counts more to the window than the second.
    let isFound = [ModelServer.Temper.overtaking, .gentle].contains { temper in
      let world = ModelWorld(nodes: 2, calls: 1, tokens: 1, temper: temper, faults: faults)
      do { _ = try RefreshSearch(mutation: mutation).run(from: world) } catch { return error is ModelViolation }
      return false
    }
    #expect(isFound)
  }
}

/// Depth first through every world that can be reached.
struct RefreshSearch {
  var mutation: ModelMutation?

  /// - Returns: How many worlds there are.
  func run(from start: ModelWorld) throws -> Int {
    var seen: Set<Fingerprint> = [Fingerprint(start.sorted())]
    var open = [start.sorted()]
    while let world = open.popLast() {
      try world.checkHealing()
      let next = try world.successors(mutation).map { $0.sorted() }
      if next.isEmpty, world.nodes.contains(where: { $0.flight != nil }) { throw ModelViolation("nobody can go on") }
      for world in next where seen.insert(Fingerprint(world)).inserted { open.append(world) }
    }
    return seen.count
  }

  /// 128 bits of a world: the worlds themselves, by the million, are more than a machine's memory.
  private struct Fingerprint: Hashable {
    let first: Int
    let second: Int

    init(_ world: ModelWorld) {
      var hasher = Hasher()
      hasher.combine(world)
      var other = Hasher()
      other.combine(0x6D61_7274)
      other.combine(world)
      (first, second) = (hasher.finalize(), other.finalize())
    }
  }
}
