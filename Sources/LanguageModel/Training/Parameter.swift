// Numbers that a training changes, with their gradient and the optimizer's memory of it.
// Knows nothing of where they stand in the model.

public import Tensors

/// Which numbers a parameter holds.
public enum ParameterName: Hashable, Sendable {
  /// All adapters' A at a site, one below the other, [parts · rank, inputs], row-major.
  case adapterA(block: Int, Site)
  /// An adapter's B, transposed, [rank, outputs], row-major.
  case adapterB(block: Int, BlockTensor)
  /// The weights of a site, packed as its matrix is.
  case weights(block: Int, Site)
  /// The biases of queries, keys and values, one after the other.
  case biases(block: Int)
  /// A gain of a norm.
  case gain(TensorName)
  /// The token embedding (and head, if tied), packed.
  case embedding
  /// The head's own weights, packed.
  case head
  /// The scalar head of a reward model, [width].
  case scalarHead

  /// The name in checkpoints.
  public var text: String {
    switch self {
    case .adapterA(let block, let site): "block.\(block).\(site.rawValue).a"
    case .adapterB(let block, let tensor): "block.\(block).\(tensor.rawValue).b"
    case .weights(let block, let site): "block.\(block).\(site.rawValue)"
    case .biases(let block): "block.\(block).biases"
    case .gain(.block(let block, let tensor)): "block.\(block).\(tensor.rawValue)"
    case .gain: "output.gain"
    case .embedding: "embedding"
    case .head: "head"
    case .scalarHead: "scalar-head"
    }
  }
}

/// A product inside a block: one matrix.
public enum Site: String, Hashable, Sendable, CaseIterable {
  /// Queries, keys and values, one below the other.
  case queryKeyValue
  /// From attention back to the stream.
  case attentionOutput
  /// The gate.
  case gate
  /// What is gated.
  case up
  /// Back to the stream.
  case down

  /// The tensors in its rows, in order.
  public var tensors: [BlockTensor] {
    switch self {
    case .queryKeyValue: [.attentionQuery, .attentionKey, .attentionValue]
    case .attentionOutput: [.attentionOutput]
    case .gate: [.feedForwardGate]
    case .up: [.feedForwardUp]
    case .down: [.feedForwardDown]
    }
  }
}

/// Numbers that a training changes.
///
/// `@unchecked Sendable` because the pieces of one pass write disjoint parts, and one training owns it.
public final class Parameter: @unchecked Sendable {
  /// Which numbers.
  public let name: ParameterName
  /// How many.
  public let count: Int
  /// The numbers; they belong to `owner` where they are a matrix's.
  public let values: UnsafeMutablePointer<Float>
  /// d loss / d values.
  public let gradient: NumberBuffer
  /// The optimizer's decayed mean of gradients.
  public let firstMoment: NumberBuffer
  /// The optimizer's decayed mean of squared gradients.
  public let secondMoment: NumberBuffer
  private let owner: AnyObject

  /// Whether weight decay applies: to matrices, not to gains and biases, as in Transformers' Trainer.
  public var decays: Bool {
    switch name {
    case .adapterA, .adapterB, .weights, .embedding, .head, .scalarHead: true
    case .biases, .gain: false
    }
  }

  init(
    _ name: ParameterName, values: UnsafeMutablePointer<Float>, count: Int, owner: AnyObject
  ) throws(ArithmeticError) {
    self.name = name
    self.values = values
    self.count = count
    self.owner = owner
    gradient = try NumberBuffer(count: count)
    firstMoment = try NumberBuffer(count: count)
    secondMoment = try NumberBuffer(count: count)
  }

  convenience init(_ name: ParameterName, count: Int) throws(ArithmeticError) {
    let values = try NumberBuffer(count: count)
    try self.init(name, values: values.base, count: count, owner: values)
  }

  convenience init(_ name: ParameterName, matrix: Matrix) throws(ArithmeticError) {
    try self.init(name, values: matrix.packed, count: matrix.packedCount, owner: matrix)
  }

  convenience init(_ name: ParameterName, buffer: NumberBuffer) throws(ArithmeticError) {
    try self.init(name, values: buffer.base, count: buffer.count, owner: buffer)
  }
}
