// Threefry against the vectors that its authors publish (Random123, kat_vectors), and streams against their promises.

import Randomness
import Testing

@Suite struct ThreefryVectors {
  @Test func zeros() {
    let words = Threefry.block(key: (0, 0, 0, 0), counter: (0, 0, 0, 0))
    #expect(words == (0x0921_8EBD_E6C8_5537, 0x5594_1F52_66D8_6105, 0x4BD2_5E16_2824_34DC, 0xEE29_EC84_6BD2_E40B))
  }

  @Test func ones() {
    let all = UInt64.max
    let words = Threefry.block(key: (all, all, all, all), counter: (all, all, all, all))
    #expect(words == (0x29C2_4097_942B_BA1B, 0x0371_BBFB_0F6F_4E11, 0x3C23_1FFA_33F8_3A1C, 0xCD29_113F_DE32_D168))
  }
}

@Suite struct Streams {
  private func address(seed: UInt64 = 1, sample: UInt64 = 0) -> RandomAddress {
    RandomAddress(seed: seed, purpose: .sampling, record: (7, 9), sample: sample)
  }

  @Test func aNumberIsAFunctionOfItsAddress() {
    var stream = RandomStream(address())
    let drawn = (0..<100).map { _ in stream.uniform() }
    #expect(drawn == (0..<100).map { address().uniform(at: UInt64($0)) })
    #expect(drawn != (0..<100).map { address(seed: 2).uniform(at: UInt64($0)) })
    #expect(drawn != (0..<100).map { address(sample: 1).uniform(at: UInt64($0)) })
  }

  @Test func uniformNumbersAreUniform() {
    var stream = RandomStream(address())
    var counts = Array(repeating: 0, count: 10)
    for _ in 0..<100_000 { counts[Int(stream.uniform() * 10)] += 1 }
    // Chi square with 9 degrees of freedom: below 27.88 in 99.9% of streams, and this stream never changes.
    let chiSquare = counts.reduce(0.0) { $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 10_000 }
    #expect(chiSquare < 27.88)
  }

  @Test(arguments: [1, 2, 7, 1000])
  func wholeNumbersStayBelowTheirBound(bound: Int) {
    var stream = RandomStream(address())
    let drawn = (0..<1000).map { _ in stream.integer(below: bound) }
    #expect(drawn.allSatisfy { (0..<bound).contains($0) })
    #expect(Set(drawn).count == min(bound, Set(drawn).count))
  }

  @Test func aShuffleLosesNothing() {
    var stream = RandomStream(address())
    let shuffled = stream.shuffled(Array(0..<50))
    #expect(shuffled.sorted() == Array(0..<50))
    #expect(shuffled != Array(0..<50))
  }
}
