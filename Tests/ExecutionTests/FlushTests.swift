// How often a step waits for the disk: counted on a whole run, whatever its steps make.

import Storage
import Synchronization
import Testing

@Suite struct Flushes {
  @Test func aStepWaitsForTheDiskFourTimesAtMost() async throws {
    let shop = Shop()
    _ = try shop.store()
    // Made once in a store's life, by whoever comes first.
    for top in ["objects", "steps"] {
      try shop.disk.makeFolder("store/\(top)")
      for number in 0..<256 {
        try shop.disk.makeFolder("store/\(top)/\(number < 16 ? "0" : "")\(String(number, radix: 16))")
      }
    }
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
