// The two orders of a head's elements: neighbors turned together, as in GGUF files of architecture llama, or halves, as in
// Hugging Face folders. Knows where a row goes, and nothing of what the numbers mean.

/// From one order of the query and key rows to the other, head by head.
enum RotaryOrder {
  /// Where the row that stands at `row` in the order of halves stands in the order of neighbors.
  static func adjacent(ofHalfSplit row: Int, headSize: Int) -> Int {
    let (first, place, half) = (row - row % headSize, row % headSize, headSize / 2)
    return first + 2 * (place % half) + place / half
  }

  /// Where the row that stands at `row` in the order of neighbors stands in the order of halves.
  static func halfSplit(ofAdjacent row: Int, headSize: Int) -> Int {
    let (first, place, half) = (row - row % headSize, row % headSize, headSize / 2)
    return first + place / 2 + place % 2 * half
  }
}

extension BlockTensor {
  /// Whether its rows (or the elements of a bias) are turned by their position.
  var isRotary: Bool {
    switch self {
    case .attentionQuery, .attentionKey, .queryBias, .keyBias: true
    default: false
    }
  }
}

extension TensorName {
  /// Whether its rows (or the elements of a bias) are turned by their position.
  var isRotary: Bool {
    if case .block(_, let tensor) = self { tensor.isRotary } else { false }
  }
}

/// A source of weights in the order of halves, whatever order the weights under it have.
///
/// The numbers are the same; a dot product of a query and a key sums them in another order, so that the last bits of
/// log-probabilities may differ where the order changed.
struct HalfSplitWeights: WeightSource {
  let base: any WeightSource
  let configuration: DecoderConfiguration

  init(_ base: any WeightSource) {
    self.base = base
    var configuration = base.configuration
    configuration.ropeStyle = .halfSplit
    self.configuration = configuration
  }

  func fill(_ name: TensorName, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws {
    guard base.configuration.ropeStyle == .adjacent, name.isRotary else {
      return try base.fill(name, rows: rows, into: destination)
    }
    let columns = name.shape(configuration).columns
    if name.isVector {
      try base.fill(name, rows: rows, into: destination)
      let adjacent = Array(destination)
      for place in 0..<columns {
        destination[place] = adjacent[RotaryOrder.adjacent(ofHalfSplit: place, headSize: configuration.headSize)]
      }
      return
    }
    for (place, row) in rows.enumerated() {
      let source = RotaryOrder.adjacent(ofHalfSplit: row, headSize: configuration.headSize)
      let target = UnsafeMutableBufferPointer(rebasing: destination[place * columns..<(place + 1) * columns])
      try base.fill(name, rows: source..<source + 1, into: target)
    }
  }
}
