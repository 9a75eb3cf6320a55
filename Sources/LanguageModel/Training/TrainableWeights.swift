// The weights that a training computes with: forward as any decoder's, and turned over for the way back.
// Knows which numbers are trained, and nothing of losses.

import CKernels
import Tensors

/// Which numbers are trained.
public enum TrainedPart: Hashable, Sendable {
  /// All weights.
  case full
  /// Low-rank adapters.
  case lowRank(LowRank)
}

/// Weights, their transposes, and what of them is trained.
final class TrainableWeights: Sendable {
  let configuration: DecoderConfiguration
  /// As training's own passes multiply by them: adapters merged, or the frozen ones where inputs of adapters are dropped.
  let forward: DecoderWeights
  /// The model as it stands, adapters merged: the same as `forward` without dropout.
  let merged: DecoderWeights
  /// Each block's matrices of `forward` the other way round.
  let turned: [[Site: Matrix]]
  /// The head the other way round, [width, vocabulary].
  let turnedHead: Matrix
  /// Adapters by block and site; empty in full fine-tuning.
  let adapters: [[Site: AdapterSite]]
  /// All that is trained, in a fixed order.
  let parameters: [Parameter]
  /// Parameters by name.
  let named: [ParameterName: Parameter]
  private let base: DecoderWeights
  private let part: TrainedPart

  init(
    _ decoder: Decoder, _ part: TrainedPart, scalarHead: Bool, pool: WorkerPool
  ) throws(ArithmeticError) {
    configuration = decoder.configuration
    base = decoder.weights
    self.part = part
    var adapters: [[Site: AdapterSite]] = []
    switch part {
    case .full:
      forward = try Self.copy(base)
      merged = forward
    case .lowRank(let options):
      for block in 0..<configuration.blocks {
        var sites: [Site: AdapterSite] = [:]
        for site in Site.allCases {
          sites[site] = try AdapterSite(block: block, site: site, options, configuration)
        }
        adapters.append(sites)
      }
      merged = try Self.merged(base, adapters)
      forward = options.dropout > 0 ? base : merged
    }
    self.adapters = adapters
    var turned: [[Site: Matrix]] = []
    for block in base.blocks {
      var sites: [Site: Matrix] = [:]
      for site in Site.allCases {
        let matrix = block.matrix(site)
        sites[site] = try Matrix(zeros: matrix.columns, columns: matrix.rows)
      }
      turned.append(sites)
    }
    self.turned = turned
    turnedHead = try Matrix(zeros: base.head.columns, columns: base.head.rows)
    var parameters =
      part == .full ? try Self.parameters(of: forward, configuration) : Self.parameters(of: adapters)
    if scalarHead {
      let head = try Parameter(.scalarHead, count: configuration.width)
      if let start = base.scalarHead { head.values.update(from: start.base, count: head.count) }
      parameters.append(head)
    }
    self.parameters = parameters
    var named: [ParameterName: Parameter] = [:]
    for parameter in parameters { named[parameter.name] = parameter }
    self.named = named
    refresh(pool, decoder.variant, all: true)
  }

  /// Brings everything that is derived from the parameters up to date.
  func refresh(_ pool: WorkerPool, _ variant: KernelVariant, all: Bool = false) {
    for sites in adapters { for site in sites.values { site.repack(variant) } }
    var work: [(matrix: Matrix, turned: Matrix?, merge: (AdapterSite, Matrix)?)] = []
    for (index, block) in forward.blocks.enumerated() {
      for site in Site.allCases {
        guard let turned = turned[index][site] else { continue }
        let (own, whole) = (block.matrix(site), merged.blocks[index].matrix(site))
        if let adapter = adapters.isEmpty ? nil : adapters[index][site] {
          work.append((whole, whole === own ? turned : nil, (adapter, base.blocks[index].matrix(site))))
        }
        let isFrozen = part != .full && (whole !== own || adapters[index][site] == nil)
        if part == .full || isFrozen && all { work.append((own, turned, nil)) }
      }
    }
    if all || part == .full { work.append((forward.head, turnedHead, nil)) }
    let grain = 8
    let pieces = work.flatMap { item in
      stride(from: 0, to: item.matrix.panels, by: grain).map { (item, $0..<min(item.matrix.panels, $0 + grain)) }
    }
    pool.run(pieces.count) { number in
      let (item, panels) = pieces[number]
      if let (adapter, base) = item.merge { adapter.merge(base, panels: panels, into: item.matrix, variant) }
      guard let turned = item.turned else { return }
      ck_transpose_panels(
        item.matrix.packed, item.matrix.rows, item.matrix.columns, panels.lowerBound, panels.upperBound,
        turned.packed)
    }
  }

  private static func copy(_ weights: DecoderWeights) throws(ArithmeticError) -> DecoderWeights {
    let embedding = try weights.embedding.copy()
    var blocks: [BlockWeights] = []
    for block in weights.blocks {
      blocks.append(
        BlockWeights(
          attentionNorm: try block.attentionNorm.copy(), queryKeyValue: try block.queryKeyValue.copy(),
          queryKeyValueBias: try block.queryKeyValueBias.map { bias throws(ArithmeticError) in try bias.copy() },
          attentionOutput: try block.attentionOutput.copy(), feedForwardNorm: try block.feedForwardNorm.copy(),
          gate: try block.gate.copy(), up: try block.up.copy(), down: try block.down.copy()))
    }
    return DecoderWeights(
      embedding: embedding, blocks: blocks, outputNorm: try weights.outputNorm.copy(),
      head: weights.head === weights.embedding ? embedding : try weights.head.copy())
  }

  /// The base's weights, with room of its own for every matrix that has an adapter.
  private static func merged(
    _ base: DecoderWeights, _ adapters: [[Site: AdapterSite]]
  ) throws(ArithmeticError) -> DecoderWeights {
    var blocks: [BlockWeights] = []
    for (block, sites) in zip(base.blocks, adapters) {
      func room(_ site: Site) throws(ArithmeticError) -> Matrix {
        let matrix = block.matrix(site)
        return sites[site] == nil ? matrix : try Matrix(zeros: matrix.rows, columns: matrix.columns)
      }
      blocks.append(
        BlockWeights(
          attentionNorm: block.attentionNorm, queryKeyValue: try room(.queryKeyValue),
          queryKeyValueBias: block.queryKeyValueBias, attentionOutput: try room(.attentionOutput),
          feedForwardNorm: block.feedForwardNorm, gate: try room(.gate), up: try room(.up), down: try room(.down)))
    }
    return DecoderWeights(embedding: base.embedding, blocks: blocks, outputNorm: base.outputNorm, head: base.head)
  }

  private static func parameters(of adapters: [[Site: AdapterSite]]) -> [Parameter] {
    adapters.flatMap { sites in
      Site.allCases.flatMap { site in sites[site].map { [$0.a] + $0.parts.map(\.b) } ?? [] }
    }
  }

  private static func parameters(
    of weights: DecoderWeights, _ c: DecoderConfiguration
  ) throws(ArithmeticError) -> [Parameter] {
    var parameters = [try Parameter(.embedding, matrix: weights.embedding)]
    for (index, block) in weights.blocks.enumerated() {
      parameters.append(try Parameter(.gain(.block(index, .attentionNorm)), buffer: block.attentionNorm))
      parameters.append(try Parameter(.gain(.block(index, .feedForwardNorm)), buffer: block.feedForwardNorm))
      if let bias = block.queryKeyValueBias { parameters.append(try Parameter(.biases(block: index), buffer: bias)) }
      for site in Site.allCases {
        parameters.append(try Parameter(.weights(block: index, site), matrix: block.matrix(site)))
      }
    }
    parameters.append(try Parameter(.gain(.outputNorm), buffer: weights.outputNorm))
    if weights.head !== weights.embedding { parameters.append(try Parameter(.head, matrix: weights.head)) }
    return parameters
  }
}

extension BlockWeights {
  /// The matrix of a site.
  func matrix(_ site: Site) -> Matrix {
    switch site {
    case .queryKeyValue: queryKeyValue
    case .attentionOutput: attentionOutput
    case .gate: gate
    case .up: up
    case .down: down
    }
  }
}

extension Matrix {
  fileprivate func copy() throws(ArithmeticError) -> Matrix {
    let copy = try Matrix(zeros: rows, columns: columns)
    copy.packed.update(from: packed, count: packedCount)
    return copy
  }
}

extension NumberBuffer {
  fileprivate func copy() throws(ArithmeticError) -> NumberBuffer {
    let copy = try NumberBuffer(count: count)
    copy.base.update(from: base, count: count)
    return copy
  }
}
