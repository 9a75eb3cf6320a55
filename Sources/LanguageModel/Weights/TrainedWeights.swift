// What a training leaves: adapters to lay over a model, or all of its weights. One safetensors file.
// Knows names and numbers, and nothing of how they came about.

import CKernels
import Tensors

/// The result of a training, read from its file.
public struct TrainedWeights: Sendable {
  /// The version of the file's form, in its metadata.
  static let format = "runner trained weights 1"

  /// The file.
  public let bytes: ModelBytes
  /// The scale of its adapters; nil if it holds all weights.
  public let scale: Float?
  /// The rank of its adapters.
  public let rank: Int
  /// The optimizer step, counted from 1, whose loss was not finite; nil for a training that went well.
  public let divergedAt: Int?
  private let tensors: [String: SafetensorsTensor]

  /// Reads the header of a file.
  ///
  /// - Parameter bytes: The whole file.
  /// - Throws: ``ModelFileError`` if it is no such file.
  public init(_ bytes: ModelBytes) throws(ModelFileError) {
    let file = try SafetensorsFile(bytes)
    guard file.metadata["format"] == Self.format else {
      throw ModelFileError(
        file: bytes.name,
        .wrongValue(key: "format", expected: "\"\(Self.format)\"", found: file.metadata["format"] ?? "nothing"))
    }
    self.bytes = bytes
    scale = file.metadata["scale"].flatMap(Float.init)
    rank = file.metadata["rank"].flatMap(Int.init) ?? 0
    divergedAt = file.metadata["diverged-at"].flatMap(Int.init)
    var tensors: [String: SafetensorsTensor] = [:]
    for tensor in file.tensors {
      guard tensor.type == .f32 else {
        throw ModelFileError(
          file: bytes.name,
          .unsupportedTensorType(tensor: tensor.name, type: tensor.type.name, supported: [GGUFTensorType.f32.name]))
      }
      tensors[tensor.name] = tensor
    }
    self.tensors = tensors
  }

  /// The adapter of a tensor, if it has one.
  ///
  /// - Throws: ``ModelFileError`` if half of it is missing.
  public func adapter(_ name: TensorName) throws(ModelFileError) -> AdapterTensors? {
    guard scale != nil, let a = tensors["\(name.text).a"] else { return nil }
    guard let b = tensors["\(name.text).b"] else {
      throw ModelFileError(file: bytes.name, .missingTensor("\(name.text).b"))
    }
    return AdapterTensors(a: numbers(a), b: numbers(b))
  }

  /// All numbers of a tensor, where the file holds all weights.
  public func tensor(_ name: TensorName) -> [Float]? {
    scale == nil ? tensors[name.text].map(numbers) : nil
  }

  /// The scalar head of a reward model; nil for a language model.
  public var scalarHead: [Float]? { tensors[Self.scalarHeadName].map(numbers) }

  /// The name of the scalar head.
  static let scalarHeadName = "scalar-head"

  /// The tensors that have adapters.
  public func adapted(_ configuration: DecoderConfiguration) -> [TensorName] {
    configuration.tensorNames.filter { tensors["\($0.text).a"] != nil }
  }

  /// Refuses a file that does not fit a model.
  ///
  /// - Throws: ``ModelFileError`` with the first tensor of another size.
  func check(_ configuration: DecoderConfiguration) throws(ModelFileError) {
    if let head = tensors[Self.scalarHeadName], head.sizes != [1, configuration.width] {
      throw ModelFileError(
        file: bytes.name,
        .wrongShape(tensor: Self.scalarHeadName, found: head.sizes, expected: [1, configuration.width]))
    }
    for name in configuration.tensorNames {
      let shape = name.shape(configuration)
      let wanted: [(String, [Int])] =
        scale == nil
        ? [(name.text, [shape.rows, shape.columns])]
        : [("\(name.text).a", [rank, shape.columns]), ("\(name.text).b", [shape.rows, rank])]
      for (text, expected) in wanted {
        guard let tensor = tensors[text] else {
          if scale == nil { throw ModelFileError(file: bytes.name, .missingTensor(text)) }
          continue
        }
        guard tensor.sizes == expected else {
          throw ModelFileError(file: bytes.name, .wrongShape(tensor: text, found: tensor.sizes, expected: expected))
        }
      }
    }
  }

  private func numbers(_ tensor: SafetensorsTensor) -> [Float] {
    bytes.withUnsafeBytes { buffer in
      let part = UnsafeRawBufferPointer(rebasing: buffer[tensor.place])
      return [Float](unsafeUninitializedCapacity: part.count / 4) { target, count in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: part)
        count = part.count / 4
      }
    }
  }
}

extension TrainedWeights {
  /// What the file says beside its tensors.
  static func metadata(scale: Float? = nil, rank: Int? = nil, divergedAt: Int? = nil) -> [String: String] {
    var metadata = ["format": format]
    metadata["diverged-at"] = divergedAt.map(String.init)
    metadata["scale"] = scale.map(\.description)
    metadata["rank"] = rank.map(String.init)
    return metadata
  }

  /// The tensors of one adapter.
  static func entries(
    _ name: TensorName, _ configuration: DecoderConfiguration, rank: Int, _ adapter: AdapterTensors
  ) -> [SafetensorsEntry] {
    let shape = name.shape(configuration)
    return [
      SafetensorsEntry("\(name.text).a", sizes: [rank, shape.columns], numbers: adapter.a),
      SafetensorsEntry("\(name.text).b", sizes: [shape.rows, rank], numbers: adapter.b),
    ]
  }
}

extension Trainee {
  /// The result as a file: adapters, or all weights.
  ///
  /// - Parameter divergedAt: The optimizer step, counted from 1, whose loss was not finite.
  /// - Returns: The same bytes for the same numbers.
  public func trainedWeights(divergedAt: Int? = nil) -> [UInt8] {
    if let lowRank {
      let entries = adapted.flatMap { name in
        adapter(name).map { TrainedWeights.entries(name, configuration, rank: lowRank.rank, $0) } ?? []
      }
      return SafetensorsWriter.bytes(
        entries + scalarHeadEntries,
        metadata: TrainedWeights.metadata(scale: lowRank.scale, rank: lowRank.rank, divergedAt: divergedAt))
    }
    let entries = configuration.tensorNames.compactMap { name -> SafetensorsEntry? in
      let shape = name.shape(configuration)
      return tensor(name).map { SafetensorsEntry(name.text, sizes: [shape.rows, shape.columns], numbers: $0) }
    }
    return SafetensorsWriter.bytes(
      entries + scalarHeadEntries, metadata: TrainedWeights.metadata(divergedAt: divergedAt))
  }

  private var scalarHeadEntries: [SafetensorsEntry] {
    guard let head = scalarHead() else { return [] }
    return [SafetensorsEntry(TrainedWeights.scalarHeadName, sizes: [1, head.count], numbers: head)]
  }
}

/// A model's weights with the result of a training laid over them.
package struct LaidOverWeights: WeightSource {
  let base: any WeightSource
  let trained: TrainedWeights
  private let adapters: [TensorName: AdapterTensors]
  private let variant = KernelVariant.best

  package var configuration: DecoderConfiguration { base.configuration }
  package var scalarHead: [Float]? { trained.scalarHead ?? base.scalarHead }

  package init(_ base: any WeightSource, _ trained: TrainedWeights) throws(ModelFileError) {
    try trained.check(base.configuration)
    var adapters: [TensorName: AdapterTensors] = [:]
    for name in trained.adapted(base.configuration) { adapters[name] = try trained.adapter(name) }
    self.base = base
    self.trained = trained
    self.adapters = adapters
  }

  /// W + scale · B · A row by row, each element one chain over the rank: the bits that a training merges to.
  package func fill(
    _ name: TensorName, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws {
    let columns = name.shape(configuration).columns
    if let tensor = trained.tensor(name) {
      _ = destination.update(from: tensor[rows.lowerBound * columns..<rows.upperBound * columns])
      return
    }
    try base.fill(name, rows: rows, into: destination)
    guard let adapter = adapters[name], let scale = trained.scale, let target = destination.baseAddress else { return }
    let rank = trained.rank
    withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { scratch in
      guard let product = scratch.baseAddress else { return }
      adapter.a.withUnsafeBufferPointer { a in
        guard let a = a.baseAddress else { return }
        for (place, row) in rows.enumerated() {
          product.update(repeating: 0, count: columns)
          for index in 0..<rank {
            ck_add_scaled(variant.rawValue, product, a + index * columns, adapter.b[row * rank + index], columns)
          }
          let out = target + place * columns
          ck_merge(variant.rawValue, out, out, product, scale, columns)
        }
      }
    }
  }
}

extension TensorName {
  /// The name in files of trained weights.
  var text: String {
    switch self {
    case .tokenEmbedding: "token-embedding"
    case .outputNorm: "output-norm"
    case .output: "output"
    case .block(let block, let tensor): "block.\(block).\(tensor.rawValue)"
    }
  }
}
