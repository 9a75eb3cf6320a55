// What came back to the embedding of each token that was read, kept until a step's gradients are complete.
// Knows nothing of blocks. A tied embedding's gradient is first the head's, over all units, and then this, row after row.

import Tensors

/// Tokens and the gradients of their embeddings, in the order of their rows.
struct EmbeddingLookups {
  private var tokens: [TokenID] = []
  private var gradients: [Float] = []

  /// Takes the rows of a unit.
  mutating func append(_ rows: [TokenID], _ stream: UnsafePointer<Float>, width: Int) {
    tokens += rows
    gradients += UnsafeBufferPointer(start: stream, count: rows.count * width)
  }

  /// Adds everything to the packed gradient of the embedding, and forgets it.
  mutating func add(to gradient: UnsafeMutablePointer<Float>, width: Int) {
    let panel = Matrix.panelRows
    for (row, token) in tokens.enumerated() {
      let number = Int(token.rawValue)
      let place = gradient + number / panel * panel * width + number % panel
      for index in 0..<width { place[index * panel] += gradients[row * width + index] }
    }
    self = EmbeddingLookups()
  }
}
