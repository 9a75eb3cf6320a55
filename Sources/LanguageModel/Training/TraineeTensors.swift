// A trainee's numbers by the names that files and tests use: rows of tensors, adapters' A and B.
// Knows how parameters lie in memory; nobody else does.

import CKernels
import Tensors

/// An adapter of one tensor: W + scale · B · A.
public struct AdapterTensors: Hashable, Sendable {
  /// [rank, inputs], row-major.
  public var a: [Float]
  /// [outputs, rank], row-major.
  public var b: [Float]

  /// Makes an adapter.
  public init(a: [Float], b: [Float]) {
    self.a = a
    self.b = b
  }
}

/// Which of a parameter's numbers.
public enum ParameterNumbers: Hashable, Sendable {
  /// The values.
  case values
  /// d loss / d values.
  case gradient
}

extension Parameter {
  fileprivate func base(_ numbers: ParameterNumbers) -> UnsafeMutablePointer<Float> {
    numbers == .values ? values : gradient.base
  }
}

extension Trainee {
  /// The tensors that have adapters, in a fixed order; empty in full fine-tuning.
  public var adapted: [TensorName] {
    weights.adapters.indices.flatMap { block in
      Site.allCases.flatMap { site in
        weights.adapters[block][site].map { $0.parts.map { TensorName.block(block, $0.tensor) } } ?? []
      }
    }
  }

  /// An adapter's numbers.
  ///
  /// - Parameters:
  ///   - name: A tensor that has an adapter.
  ///   - numbers: Which.
  /// - Returns: A and B; nil for a tensor without an adapter.
  public func adapter(_ name: TensorName, _ numbers: ParameterNumbers = .values) -> AdapterTensors? {
    guard let (site, index) = site(of: name) else { return nil }
    let (inputs, outputs) = (site.packedA.columns, site.parts[index].rows.count)
    let a = site.a.base(numbers) + index * site.rank * inputs
    let turned = site.parts[index].b.base(numbers)
    var b = [Float](repeating: 0, count: outputs * site.rank)
    for rank in 0..<site.rank {
      for output in 0..<outputs { b[output * site.rank + rank] = turned[rank * outputs + output] }
    }
    return AdapterTensors(a: Array(UnsafeBufferPointer(start: a, count: site.rank * inputs)), b: b)
  }

  /// Sets an adapter's numbers; `refresh()` brings them into force.
  ///
  /// - Parameters:
  ///   - name: A tensor that has an adapter.
  ///   - tensors: As many numbers as it has.
  public func setAdapter(_ name: TensorName, _ tensors: AdapterTensors) {
    guard let (site, index) = site(of: name) else { return }
    let (inputs, outputs) = (site.packedA.columns, site.parts[index].rows.count)
    precondition(tensors.a.count == site.rank * inputs && tensors.b.count == site.rank * outputs, "callers check sizes")
    let a = site.a.values + index * site.rank * inputs
    for (place, value) in tensors.a.enumerated() { a[place] = value }
    let turned = site.parts[index].b.values
    for rank in 0..<site.rank {
      for output in 0..<outputs { turned[rank * outputs + output] = tensors.b[output * site.rank + rank] }
    }
  }

  private func site(of name: TensorName) -> (AdapterSite, Int)? {
    guard case .block(let block, let tensor) = name, weights.adapters.indices.contains(block) else { return nil }
    for site in weights.adapters[block].values {
      if let index = site.parts.firstIndex(where: { $0.tensor == tensor }) { return (site, index) }
    }
    return nil
  }

  /// A tensor's numbers in full fine-tuning, row after row; nil where it is not trained by itself.
  public func tensor(_ name: TensorName, _ numbers: ParameterNumbers = .values) -> [Float]? {
    let shape = name.shape(configuration)
    switch name {
    case .tokenEmbedding: return rows(.embedding, 0..<shape.rows, shape.columns, numbers)
    case .output: return rows(.head, 0..<shape.rows, shape.columns, numbers)
    case .outputNorm: return vector(.gain(name), 0..<shape.columns, numbers)
    case .block(_, .attentionNorm), .block(_, .feedForwardNorm):
      return vector(.gain(name), 0..<shape.columns, numbers)
    case .block(let block, .queryBias), .block(let block, .keyBias), .block(let block, .valueBias):
      let c = configuration
      let first =
        name == .block(block, .queryBias) ? 0 : c.queryWidth + (name == .block(block, .keyBias) ? 0 : c.keyValueWidth)
      return vector(.biases(block: block), first..<first + shape.columns, numbers)
    case .block(let block, let tensor):
      guard let site = Site.allCases.first(where: { $0.tensors.contains(tensor) }) else { return nil }
      var first = 0
      for other in site.tensors.prefix(while: { $0 != tensor }) {
        first += TensorName.block(block, other).shape(configuration).rows
      }
      return rows(.weights(block: block, site), first..<first + shape.rows, shape.columns, numbers)
    }
  }

  private func vector(_ name: ParameterName, _ range: Range<Int>, _ numbers: ParameterNumbers) -> [Float]? {
    weights.named[name].map {
      Array(UnsafeBufferPointer(start: $0.base(numbers) + range.lowerBound, count: range.count))
    }
  }

  private func rows(
    _ name: ParameterName, _ range: Range<Int>, _ columns: Int, _ numbers: ParameterNumbers
  ) -> [Float]? {
    guard let parameter = weights.named[name] else { return nil }
    return Array(unsafeUninitializedCapacity: range.count * columns) { buffer, count in
      if let base = buffer.baseAddress {
        for (place, row) in range.enumerated() {
          ck_unpack_row(parameter.base(numbers), row, columns, base + place * columns)
        }
      }
      count = range.count * columns
    }
  }
}
