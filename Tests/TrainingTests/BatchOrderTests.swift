// Which examples a step sees: every epoch all of them once, in an order of its own, whatever else changes.

import Testing
import Training

struct BatchOrderTests {
  @Test("Every epoch takes each example once; its last batch has what is left", arguments: [1, 2, 7, 8, 9, 64])
  func epochs(_ examples: Int) {
    for batch in [1, 3, 8, 100] {
      let order = BatchOrder(examples: examples, batch: batch, epochs: 3, seed: 4)
      #expect(order.stepsPerEpoch == (examples + batch - 1) / batch)
      #expect(order.steps == 3 * order.stepsPerEpoch)
      for epoch in 0..<3 {
        let batches = (0..<order.stepsPerEpoch).map { order.batch(at: epoch * order.stepsPerEpoch + $0) }
        #expect(batches.flatMap { $0 }.sorted() == Array(0..<examples))
        #expect(batches.dropLast().allSatisfy { $0.count == batch })
        let left = examples - (order.stepsPerEpoch - 1) * batch
        #expect(batches.last?.count == left && (1...batch).contains(left))
      }
    }
  }

  @Test("Each epoch and each seed has an order of its own, and asking again gives it again")
  func orders() {
    func epoch(_ number: Int, seed: UInt64) -> [Int] {
      BatchOrder(examples: 20, batch: 20, epochs: 2, seed: seed).batch(at: number)
    }
    let all = [epoch(0, seed: 1), epoch(1, seed: 1), epoch(0, seed: 2), epoch(1, seed: 2)]
    #expect(Set(all).count == 4)
    #expect(epoch(1, seed: 2) == all[3])
    #expect(all.allSatisfy { $0 != Array(0..<20) })
  }

  @Test("The size of a batch moves no example, and neither do epochs or a limit")
  func stableOrder() {
    let whole = BatchOrder(examples: 20, batch: 20, epochs: 1, seed: 3).batch(at: 0)
    let parts = BatchOrder(examples: 20, batch: 6, epochs: 2.5, seed: 3, limit: 7)
    #expect((0..<4).flatMap { parts.batch(at: $0) } == whole)
  }

  @Test(
    "A part of an epoch counts as that part of its steps, rounded up",
    arguments: [(0.01, 1), (0.25, 1), (0.26, 2), (0.5, 2), (0.75, 3), (1, 4), (1.25, 5), (1.3, 6), (2, 8)])
  func fractions(_ epochs: Double, _ steps: Int) {
    let order = BatchOrder(examples: 8, batch: 2, epochs: epochs, seed: 1)
    #expect(order.steps == steps)
    #expect(BatchOrder(examples: 8, batch: 2, epochs: 9, seed: 1).step(afterEpochs: epochs) == steps)
    #expect(order.step(afterEpochs: 100) == steps)
    #expect(BatchOrder(examples: 8, batch: 2, epochs: epochs, seed: 1, limit: 3).steps == min(3, steps))
  }
}
