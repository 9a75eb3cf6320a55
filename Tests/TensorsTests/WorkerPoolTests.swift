// The pool: every piece once, from any thread, from inside a piece, and with errors.

import Synchronization
import Tensors
import Testing

@Suite("Worker pool")
struct WorkerPoolTests {
  private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add(_ number: Int) { count.withLock { $0 += number } }
  }

  private struct Fault: Error, Equatable {
    let piece: Int
  }

  @Test("Every piece runs once", arguments: [1, 2, 4, 7])
  func everyPiece(workers: Int) {
    let pool = WorkerPool(workers: workers)
    for round in 0..<200 {
      let pieces = round % 13
      let counts = Mutex([Int](repeating: 0, count: pieces))
      pool.run(pieces) { piece in counts.withLock { $0[piece] += 1 } }
      #expect(counts.withLock { $0 } == [Int](repeating: 1, count: pieces))
    }
  }

  @Test("A piece can use the pool itself")
  func nested() {
    let pool = WorkerPool(workers: 3)
    let total = Mutex(0)
    pool.run(5) { outer in pool.run(4) { inner in total.withLock { $0 += outer * 4 + inner } } }
    #expect(total.withLock { $0 } == (0..<20).reduce(0, +))
  }

  @Test("Several threads can use one pool at once")
  func shared() async {
    let pool = WorkerPool(workers: 2)
    let total = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { for _ in 0..<100 { pool.run(6) { total.add($0) } } } }
    }
    #expect(total.value == 4 * 100 * 15)
  }

  @Test("The lowest failing piece's error is thrown, after all have run", arguments: [1, 3])
  func errors(workers: Int) {
    let pool = WorkerPool(workers: workers)
    let ran = Mutex(0)
    #expect(throws: Fault(piece: 2)) {
      try pool.runThrowing(8) { piece in
        ran.withLock { $0 += 1 }
        if piece >= 2 { throw Fault(piece: piece) }
      }
    }
    #expect(ran.withLock { $0 } == 8)
  }
}
