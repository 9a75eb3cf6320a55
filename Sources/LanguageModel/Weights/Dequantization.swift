// From stored numbers to 32-bit floats, exactly as the formats define them: one multiplication and at most one addition.
// Knows blocks only; names, shapes and files are its callers' matter.

/// Turns blocks of stored numbers into floats.
enum Dequantization {
  /// A 16-bit float as a 32-bit float, exactly; infinities and NaNs give values from 65536 on.
  @inline(__always)
  static func half(_ bits: UInt16) -> Float {
    let magnitude = Float(bitPattern: UInt32(bits & 0x7FFF) << 13) * 0x1p112
    return Float(bitPattern: magnitude.bitPattern | UInt32(bits & 0x8000) << 16)
  }

  @inline(__always)
  static func isFinite(half bits: UInt16) -> Bool { bits & 0x7C00 != 0x7C00 }

  @inline(__always)
  static func bits(_ source: UnsafeRawPointer, _ offset: Int) -> UInt16 {
    UInt16(littleEndian: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  /// Fills `target` from `source`.
  ///
  /// - Parameters:
  ///   - type: The stored format, a readable one.
  ///   - source: Whole blocks; `target.count` numbers of them.
  ///   - target: Where the floats go.
  /// - Returns: The byte offset in `source` of the first block that holds a number that is not finite, or nil.
  static func fill(
    _ type: GGUFTensorType, from source: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) -> Int? {
    precondition(
      target.count % type.blockElements == 0
        && source.count == target.count / type.blockElements * type.blockBytes,
      "callers hand over whole blocks")
    guard let from = source.baseAddress, let to = target.baseAddress else { return nil }
    switch type {
    case .f32: return fillF32(from, to, target.count)
    case .f16: return fillF16(from, to, target.count)
    case .bf16: return fillBF16(from, to, target.count)
    case .q80: return fillQ80(from, to, target.count / 32)
    case .q40: return fillQ40(from, to, target.count / 32)
    case .q41: return fillQ41(from, to, target.count / 32)
    case .q50: return fillQ50(from, to, target.count / 32)
    case .q51: return fillQ51(from, to, target.count / 32)
    case .q4K: return fillQ4K(from, to, target.count / 256)
    case .q5K: return fillQ5K(from, to, target.count / 256)
    case .q6K: return fillQ6K(from, to, target.count / 256)
    case .q2K, .q3K: preconditionFailure("callers refuse unreadable formats by name")
    }
  }

  private static func fillF32(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ count: Int) -> Int? {
    for index in 0..<count {
      let bits = UInt32(littleEndian: from.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
      if bits & 0x7F80_0000 == 0x7F80_0000 { return 4 * index }
      to[index] = Float(bitPattern: bits)
    }
    return nil
  }

  private static func fillF16(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ count: Int) -> Int? {
    for index in 0..<count {
      let bits = bits(from, 2 * index)
      guard isFinite(half: bits) else { return 2 * index }
      to[index] = half(bits)
    }
    return nil
  }

  private static func fillBF16(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ count: Int) -> Int? {
    for index in 0..<count {
      let bits = bits(from, 2 * index)
      if bits & 0x7F80 == 0x7F80 { return 2 * index }
      to[index] = Float(bitPattern: UInt32(bits) << 16)
    }
    return nil
  }

  /// w = d q, q a signed byte.
  private static func fillQ80(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ blocks: Int) -> Int? {
    for block in 0..<blocks {
      let source = from + 34 * block
      let target = to + 32 * block
      let scale = bits(source, 0)
      guard isFinite(half: scale) else { return 34 * block }
      let d = half(scale)
      for index in 0..<32 {
        target[index] = d * Float(source.load(fromByteOffset: 2 + index, as: Int8.self))
      }
    }
    return nil
  }

  /// w = d (q - 8); low nibbles are elements 0 to 15, high nibbles 16 to 31.
  private static func fillQ40(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ blocks: Int) -> Int? {
    for block in 0..<blocks {
      let source = from + 18 * block
      let target = to + 32 * block
      let scale = bits(source, 0)
      guard isFinite(half: scale) else { return 18 * block }
      let d = half(scale)
      for index in 0..<16 {
        let pair = Int32(source.load(fromByteOffset: 2 + index, as: UInt8.self))
        target[index] = d * Float(pair & 15 - 8)
        target[index + 16] = d * Float(pair >> 4 - 8)
      }
    }
    return nil
  }

  /// w = d q + m; nibbles as in Q4_0.
  private static func fillQ41(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, _ blocks: Int) -> Int? {
    for block in 0..<blocks {
      let source = from + 20 * block
      let target = to + 32 * block
      let (scale, minimum) = (bits(source, 0), bits(source, 2))
      guard isFinite(half: scale), isFinite(half: minimum) else { return 20 * block }
      let (d, m) = (half(scale), half(minimum))
      for index in 0..<16 {
        let pair = Int32(source.load(fromByteOffset: 4 + index, as: UInt8.self))
        target[index] = d * Float(pair & 15) + m
        target[index + 16] = d * Float(pair >> 4) + m
      }
    }
    return nil
  }
}
