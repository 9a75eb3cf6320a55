// A fixed set of products whose bits tell one arithmetic from another.
// Knows nothing of models; the numbers come from a counter, the shapes are those that libraries treat differently.

import Randomness

extension ArithmeticClass {
  /// Rows, outputs and inputs: thin, ragged and square products, as kernels differ between them.
  private static let shapes = [
    (1, 96, 64), (2, 576, 576), (7, 192, 576), (8, 1536, 64), (31, 33, 1536), (33, 130, 17), (64, 256, 256),
  ]

  /// The bits of a fixed battery of products on this host, for a digest that stands in keys.
  ///
  /// In the ordered class they are the same on every host; in the openblas class they depend on the library and on the
  /// kernels that it chose.
  ///
  /// - Returns: All results as little-endian float32.
  /// - Throws: `ArithmeticError` when the host cannot compute so.
  public func batteryDigestBytes() throws -> [UInt8] {
    let pool = WorkerPool(workers: 1)
    var bytes: [UInt8] = []
    for (index, (rows, outputs, inputs)) in Self.shapes.enumerated() {
      let numbers = Battery(shape: UInt64(index))
      let matrix = try Matrix(rows: outputs, columns: inputs, arithmetic: self, pool: pool) { range, destination in
        for place in destination.indices { destination[place] = numbers[0, range.lowerBound * inputs + place] }
      }
      let (plain, packed) = (try NumberBuffer(count: rows * inputs), try NumberBuffer(count: rows * inputs))
      for place in 0..<rows * inputs { plain.base[place] = numbers[1, place] }
      let result = try NumberBuffer(count: rows * outputs)
      let operand = Operand(
        plain.base, stride: inputs, rows: rows, columns: inputs, scratch: packed.base, arithmetic: self, variant: .best)
      matrix.multiply(operand, panels: 0..<matrix.panels, into: result.base, stride: outputs, variant: .best)
      withExtendedLifetime((plain, packed)) {}
      for place in 0..<rows * outputs {
        let word = result.base[place].bitPattern
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
      }
    }
    return bytes
  }
}

/// Numbers in [-1, 1) by place.
private struct Battery {
  let shape: UInt64

  subscript(operand: UInt64, place: Int) -> Float {
    let word = Threefry.block(key: (0x6261_7474_6572_79, shape, operand, 0), counter: (UInt64(place), 0, 0, 0)).0
    return Float(word >> 40) * 0x1p-23 - 1
  }
}
