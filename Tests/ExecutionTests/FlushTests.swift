// How often a step waits for the disk: counted on a whole run, whatever its steps make.

import Storage
import Synchronization
import Testing

@Suite struct Flushes {
  @Test func aStepWaitsForTheDiskFourTimesAtMost() async throws {
    // In a new store, where every file is the first of its folder.
    let shop = Shop()
    _ = try shop.store()
    let marks = Mutex([Int]())
    // Slow enough that records are kept on the way.
    let outcome = try await shop.run(Lines(), secondsPerRecord: 10) { _ in
      marks.withLock { $0.append(shop.disk.flushes) }
    }
    let waits = (marks.withLock { $0 } + [shop.disk.flushes]).adjacentDifferences
    #expect(waits.count == outcome.workshop.ran.count && shop.segments.count == 12)
    #expect(waits.max() == 4, "\(Array(zip(outcome.workshop.ran, waits)))")
  }
}

extension [Int] {
  fileprivate var adjacentDifferences: [Int] { zip(dropFirst(), self).map { $0 - $1 } }
}
