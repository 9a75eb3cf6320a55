// Formats whose numbers have bits in two places or scales in two steps: Q5_0, Q5_1, Q4_K, Q5_K, Q6_K.
// Knows blocks only, as Dequantization.swift does; each product and sum is rounded as the reference rounds it.

extension Dequantization {

  @inline(__always)
  private static func byte(_ source: UnsafeRawPointer, _ offset: Int) -> Int32 {
    Int32(source.load(fromByteOffset: offset, as: UInt8.self))
  }

  /// w = d (q - 16); the fifth bits of all 32 elements stand before their nibbles.
  static func fillQ50(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ blocks: Int) -> Int? {
    for block in 0..<blocks {
      let (source, target) = (from + 22 * block, to + 32 * block)
      guard isFinite(half: bits(source, 0)) else { return 22 * block }
      let d = half(bits(source, 0))
      for index in 0..<32 { target[index] = d * Float(fiveBits(source + 2, index) - 16) }
    }
    return nil
  }

  /// w = d q + m.
  static func fillQ51(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ blocks: Int) -> Int? {
    for block in 0..<blocks {
      let (source, target) = (from + 24 * block, to + 32 * block)
      guard isFinite(half: bits(source, 0)), isFinite(half: bits(source, 2)) else { return 24 * block }
      let (d, m) = (half(bits(source, 0)), half(bits(source, 2)))
      for index in 0..<32 { target[index] = d * Float(fiveBits(source + 4, index)) + m }
    }
    return nil
  }

  @inline(__always)
  private static func fiveBits(_ source: UnsafeRawPointer, _ index: Int) -> Int32 {
    let high = byte(source, index / 8) >> Int32(index % 8) & 1
    let low = byte(source, 4 + index % 16) >> (index < 16 ? 0 : 4) & 15
    return low | high << 4
  }

  /// Scale and minimum of one of the eight groups of a super-block, six bits each in twelve bytes.
  @inline(__always)
  private static func scales(_ source: UnsafeRawPointer, _ group: Int) -> (scale: Float, minimum: Float) {
    if group < 4 { return (Float(byte(source, group) & 63), Float(byte(source, group + 4) & 63)) }
    let both = byte(source, group + 4)
    return (
      Float(both & 15 | byte(source, group - 4) >> 2 & 0x30), Float(both >> 4 | byte(source, group) >> 2 & 0x30)
    )
  }

  /// w = (d s) q - (e m), with a scale s and a minimum m for each 32 elements.
  static func fillQ4K(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ blocks: Int) -> Int? {
    for block in 0..<blocks {
      let (source, target) = (from + 144 * block, to + 256 * block)
      guard isFinite(half: bits(source, 0)), isFinite(half: bits(source, 2)) else { return 144 * block }
      let (d, e) = (half(bits(source, 0)), half(bits(source, 2)))
      for group in 0..<8 {
        let (scale, minimum) = scales(source + 4, group)
        let (factor, offset) = (d * scale, e * minimum)
        for index in 0..<32 {
          let low = byte(source, 16 + group / 2 * 32 + index) >> (group % 2 == 0 ? 0 : 4) & 15
          target[32 * group + index] = factor * Float(low) - offset
        }
      }
    }
    return nil
  }

  /// As Q4_K, with the fifth bits of each group in one bit plane.
  static func fillQ5K(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ blocks: Int) -> Int? {
    for block in 0..<blocks {
      let (source, target) = (from + 176 * block, to + 256 * block)
      guard isFinite(half: bits(source, 0)), isFinite(half: bits(source, 2)) else { return 176 * block }
      let (d, e) = (half(bits(source, 0)), half(bits(source, 2)))
      for group in 0..<8 {
        let (scale, minimum) = scales(source + 4, group)
        let (factor, offset) = (d * scale, e * minimum)
        for index in 0..<32 {
          let low = byte(source, 48 + group / 2 * 32 + index) >> (group % 2 == 0 ? 0 : 4) & 15
          let high = byte(source, 16 + index) >> Int32(group) & 1
          target[32 * group + index] = factor * Float(low | high << 4) - offset
        }
      }
    }
    return nil
  }

  /// w = (d s) (q - 32), with a signed scale for each 16 elements.
  static func fillQ6K(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ blocks: Int) -> Int? {
    for block in 0..<blocks {
      let (source, target) = (from + 210 * block, to + 256 * block)
      guard isFinite(half: bits(source, 208)) else { return 210 * block }
      let d = half(bits(source, 208))
      for group in 0..<8 {
        // Each half of the super-block has 64 bytes of low and 32 of high bits, for four groups of 32.
        let (part, place) = (group / 4, group % 4)
        for index in 0..<32 {
          let low = byte(source, 64 * part + place % 2 * 32 + index) >> (place < 2 ? 0 : 4) & 15
          let high = byte(source, 128 + 32 * part + index) >> Int32(2 * place) & 3
          let scale = Float(source.load(fromByteOffset: 192 + 2 * group + index / 16, as: Int8.self))
          target[32 * group + index] = d * scale * Float((low | high << 4) - 32)
        }
      }
    }
    return nil
  }
}
