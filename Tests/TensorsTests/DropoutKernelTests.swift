// The dropout kernel against Threefry in Swift: which numbers are dropped, how often, and the same bits in every variant.

import CKernels
import Randomness
import Tensors
import Testing

@Suite("Dropout")
struct DropoutKernelTests {
  private func dropped(
    _ values: [Float], _ address: RandomAddress, first: UInt64, threshold: UInt32, factor: Float,
    _ variant: KernelVariant
  ) throws -> [Float] {
    let place = try buffer(values)
    let key = [address.key.0, address.key.1, address.key.2, address.key.3]
    ck_dropout(
      variant.rawValue, place.base, values.count, key, first, address.sample, threshold, factor, place.base)
    return Array(place.floats)
  }

  @Test("Every element by its own words, in every variant", arguments: [0, 1, 7, 8, 9, 63, 64, 65, 200, 576, 1536])
  func addresses(_ count: Int) throws {
    let values = numbers(count, 5)
    let address = RandomAddress(seed: .max - 4, purpose: .dropout, record: (3, 1 << 40), sample: 29 << 8 | 12)
    let first: UInt64 = 2 << 48 | 511 << 24
    let threshold: UInt32 = 1 << 30
    let expected = values.enumerated().map { place, value in
      let words = address.words(at: first + UInt64(place / 8))
      let word = [words.0, words.1, words.2, words.3][place % 8 / 2]
      let bits = UInt32(truncatingIfNeeded: place % 2 == 0 ? word : word >> 32)
      return bits < threshold ? 0 : value * 1.25
    }
    for variant in variants {
      expectSameBits(
        try dropped(values, address, first: first, threshold: threshold, factor: 1.25, variant), expected, "\(variant)")
    }
  }

  @Test("Infinities and NaN that are dropped are 0")
  func noNumbers() throws {
    let values = [Float.infinity, -.infinity, .nan, 1]
    let address = RandomAddress(seed: 1, purpose: .dropout)
    for variant in variants {
      #expect(try dropped(values, address, first: 0, threshold: .max, factor: 2, variant) == [0, 0, 0, 0])
    }
  }

  @Test("As many are dropped as asked for, and others for another address", arguments: [0.05, 0.1, 0.5, 0.9])
  func rate(_ probability: Double) throws {
    let count = 1_000_000
    let ones = [Float](repeating: 1, count: count)
    let threshold = UInt32(probability * 0x1p32)
    func mask(
      seed: UInt64 = 1, _ record: (UInt64, UInt64) = (0, 0), sample: UInt64 = 0, first: UInt64 = 0
    ) throws -> [Float] {
      let address = RandomAddress(seed: seed, purpose: .dropout, record: record, sample: sample)
      return try dropped(ones, address, first: first, threshold: threshold, factor: 1, .best)
    }
    let deviation = (probability * (1 - probability) * Double(count)).squareRoot()
    let masks = [
      try mask(), try mask(seed: 2), try mask((1, 0)), try mask((0, 1)), try mask(sample: 1), try mask(first: 1 << 24),
    ]
    for (index, own) in masks.enumerated() {
      let zeros = Double(own.count { $0 == 0 })
      #expect(abs(zeros - probability * Double(count)) < 5 * deviation, "\(zeros) of \(count)")
      // Two masks drop an element together as often as independent ones.
      for other in masks[..<index] {
        let both = Double(zip(own, other).count { $0 == 0 && $1 == 0 })
        let square = probability * probability
        let allowed = 5 * (square * (1 - square) * Double(count)).squareRoot()
        #expect(abs(both - square * Double(count)) < allowed, "\(both) of \(count)")
      }
    }
  }
}
