// What a decoder needs to know of its weights: its sizes, and the numbers of each tensor by name.
// Knows nothing of files and formats; GGUF, safetensors and random weights each adopt the protocol.

/// A token's number in a vocabulary.
public struct TokenID: RawRepresentable, Hashable, Sendable, Comparable {
  /// The number, 0 or more.
  public let rawValue: Int32

  /// Makes a token of a number.
  public init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// Makes a token of a number.
  public init(_ number: Int) {
    self.rawValue = Int32(number)
  }

  /// Orders tokens by number.
  public static func < (left: TokenID, right: TokenID) -> Bool { left.rawValue < right.rawValue }
}

/// Which elements of a head a rotary position embedding turns together.
public enum RopeStyle: String, Hashable, Sendable {
  /// Elements 2i and 2i + 1, as in GGUF files of architecture `llama`.
  case adjacent
  /// Elements i and i + headSize / 2, as in Hugging Face folders and Qwen2.
  case halfSplit
}

/// The sizes and constants of a Llama-family decoder.
public struct DecoderConfiguration: Hashable, Sendable {
  /// How many blocks (layers).
  public var blocks: Int
  /// The width of the residual stream.
  public var width: Int
  /// The inner width of the feed-forward part.
  public var feedForward: Int
  /// How many query heads.
  public var heads: Int
  /// How many key and value heads; divides `heads`.
  public var keyValueHeads: Int
  /// Elements of one head; even.
  public var headSize: Int
  /// The longest sequence, in tokens.
  public var context: Int
  /// How many tokens the vocabulary has.
  public var vocabulary: Int
  /// The base of the rotary frequencies.
  public var ropeBase: Double
  /// What RMSNorm adds to the mean square.
  public var normEpsilon: Float
  /// Which elements RoPE turns together.
  public var ropeStyle: RopeStyle
  /// Whether the vocabulary head is the token embedding.
  public var tied: Bool
  /// Whether the query, key and value projections have biases (Qwen2).
  public var qkvBias: Bool

  /// Makes a configuration.
  public init(
    blocks: Int, width: Int, feedForward: Int, heads: Int, keyValueHeads: Int, headSize: Int, context: Int,
    vocabulary: Int, ropeBase: Double, normEpsilon: Float, ropeStyle: RopeStyle, tied: Bool, qkvBias: Bool
  ) {
    self.blocks = blocks
    self.width = width
    self.feedForward = feedForward
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.context = context
    self.vocabulary = vocabulary
    self.ropeBase = ropeBase
    self.normEpsilon = normEpsilon
    self.ropeStyle = ropeStyle
    self.tied = tied
    self.qkvBias = qkvBias
  }

  /// Width of all query heads together.
  public var queryWidth: Int { heads * headSize }

  /// Width of all key heads together, which is also that of the value heads.
  public var keyValueWidth: Int { keyValueHeads * headSize }
}

/// A tensor inside a block.
public enum BlockTensor: String, Hashable, Sendable, CaseIterable {
  /// Gains of the norm before attention, [width].
  case attentionNorm
  /// Query projection, [heads × headSize, width].
  case attentionQuery
  /// Key projection, [keyValueHeads × headSize, width].
  case attentionKey
  /// Value projection, [keyValueHeads × headSize, width].
  case attentionValue
  /// Query bias, [heads × headSize]; only with `qkvBias`.
  case queryBias
  /// Key bias, [keyValueHeads × headSize]; only with `qkvBias`.
  case keyBias
  /// Value bias, [keyValueHeads × headSize]; only with `qkvBias`.
  case valueBias
  /// Projection back to the residual stream, [width, heads × headSize].
  case attentionOutput
  /// Gains of the norm before the feed-forward part, [width].
  case feedForwardNorm
  /// The projection whose sigmoid-weighted value gates, [feedForward, width].
  case feedForwardGate
  /// The projection that is gated, [feedForward, width].
  case feedForwardUp
  /// Projection back to the residual stream, [width, feedForward].
  case feedForwardDown
}

extension BlockTensor {
  /// A number that names it in random addresses, the same in every version.
  public var number: UInt64 {
    switch self {
    case .attentionNorm: 1
    case .attentionQuery: 2
    case .attentionKey: 3
    case .attentionValue: 4
    case .queryBias: 5
    case .keyBias: 6
    case .valueBias: 7
    case .attentionOutput: 8
    case .feedForwardNorm: 9
    case .feedForwardGate: 10
    case .feedForwardUp: 11
    case .feedForwardDown: 12
    }
  }
}

/// The name of a tensor.
public enum TensorName: Hashable, Sendable {
  /// One row a token, [vocabulary, width].
  case tokenEmbedding
  /// Gains of the last norm, [width].
  case outputNorm
  /// The vocabulary head, [vocabulary, width]; not asked for when tied.
  case output
  /// A tensor of block `0..<blocks`.
  case block(Int, BlockTensor)

  /// Rows (outputs) and columns (inputs) of the tensor under a configuration; a vector is one row.
  public func shape(_ configuration: DecoderConfiguration) -> (rows: Int, columns: Int) {
    let c = configuration
    switch self {
    case .tokenEmbedding, .output: return (c.vocabulary, c.width)
    case .outputNorm: return (1, c.width)
    case .block(_, let tensor):
      switch tensor {
      case .attentionNorm, .feedForwardNorm: return (1, c.width)
      case .attentionQuery: return (c.queryWidth, c.width)
      case .attentionKey, .attentionValue: return (c.keyValueWidth, c.width)
      case .queryBias: return (1, c.queryWidth)
      case .keyBias, .valueBias: return (1, c.keyValueWidth)
      case .attentionOutput: return (c.width, c.queryWidth)
      case .feedForwardGate, .feedForwardUp: return (c.feedForward, c.width)
      case .feedForwardDown: return (c.width, c.feedForward)
      }
    }
  }
}

/// Where the numbers of a decoder come from.
///
/// `fill` is called from several threads at once, each with other rows, while a decoder is being built.
public protocol WeightSource: Sendable {
  /// The sizes; constant over the source's life.
  var configuration: DecoderConfiguration { get }

  /// Writes rows of a tensor as exact float32, row after row, each `shape.columns` long.
  ///
  /// - Parameters:
  ///   - name: One of the names that the configuration calls for.
  ///   - rows: Which rows, within `0..<shape.rows`.
  ///   - destination: Room for exactly `rows.count × shape.columns` numbers; every one is written.
  /// - Throws: When the bytes cannot be had.
  func fill(_ name: TensorName, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws

  /// The scalar head of a reward model, one number for each of the stream's; nil for a language model.
  var scalarHead: [Float]? { get }
}

extension WeightSource {
  /// None.
  public var scalarHead: [Float]? { nil }
}
