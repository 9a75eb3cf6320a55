// Weights drawn at random for a decoder of any sizes: for tests, and for experiments without a file.
// Knows sizes and a seed; each number depends on its tensor and its place alone, never on who asks first.

import Randomness

/// A source of random weights.
public struct RandomWeights: WeightSource {
  /// The sizes.
  public let configuration: DecoderConfiguration
  /// What the numbers depend on besides their place.
  public let seed: UInt64

  /// Makes a source.
  ///
  /// - Parameters:
  ///   - configuration: Sizes that fit each other.
  ///   - seed: Any number.
  /// - Throws: ``ModelFileError`` when the sizes do not fit.
  public init(_ configuration: DecoderConfiguration, seed: UInt64) throws(ModelFileError) {
    try configuration.check("random weights")
    self.configuration = configuration
    self.seed = seed
  }

  /// Writes rows of a tensor: gains are 1; biases and matrices are uniform around 0.
  ///
  /// A matrix has the standard deviation 0.7 / √columns, so that its product with a normed vector keeps a size around 1;
  /// a bias has the standard deviation 0.1.
  ///
  /// - Parameters:
  ///   - name: One of the names that the configuration calls for.
  ///   - rows: Which rows.
  ///   - destination: Room for exactly these rows.
  public func fill(_ name: TensorName, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) {
    let columns = name.shape(configuration).columns
    precondition(destination.count == rows.count * columns, "the decoder asks for whole rows")
    let deviation: Double
    switch name {
    case .outputNorm, .block(_, .attentionNorm), .block(_, .feedForwardNorm):
      destination.update(repeating: 1)
      return
    case .block(_, .queryBias), .block(_, .keyBias), .block(_, .valueBias): deviation = 0.1
    case .tokenEmbedding, .output, .block: deviation = 0.7 / Double(columns).squareRoot()
    }
    let address = RandomAddress(seed: seed, purpose: .initialWeights, record: Self.address(of: name))
    // A uniform number in [-1, 1) has the standard deviation 1/√3.
    let span = deviation * 3.0.squareRoot()
    let first = rows.lowerBound * columns
    for index in 0..<destination.count {
      destination[index] = Float(span * (2 * address.uniform(at: UInt64(first + index)) - 1))
    }
  }

  /// Two words that name a tensor, the same in every version.
  private static func address(of name: TensorName) -> (UInt64, UInt64) {
    switch name {
    case .tokenEmbedding: return (0, 1)
    case .outputNorm: return (0, 2)
    case .output: return (0, 3)
    case .block(let block, let tensor):
      return (UInt64(block) + 1, tensor.number)
    }
  }
}
