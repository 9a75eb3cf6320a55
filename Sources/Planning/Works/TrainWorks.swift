// Train, choose, adapt: where weights come from that are laid over a model.

import Digests
public import Specification

/// Trains an adapter, or all weights, on examples.
///
/// Inputs: `examples`, the model's, `reference` if the objective uses one (the scores of the examples' responses under the
/// reference), `partners` and `partner-reference` for KTO; in rounds `start`, the adapters that are trained on, and
/// `optimizer`, its memory. Outputs: `weights`, the last; `weights/<n>` for each of ``checkpoints``, counted from 0; `log`;
/// `optimizer`, if it is kept.
public struct TrainWork: Work, Hashable {
  static let kind = StepKind.train
  static let version = 2
  /// Version 1 had no digests of weights in its log; weights are the same bytes.
  static let aliases = [ManifestAlias(version: 1)]
  /// The inputs that hold records, or numbers of them.
  public static let recordInputs = ["examples", "reference", "partners", "partner-reference"]
  /// The model that training starts from.
  public let model: ModelUse
  /// What is minimized.
  public let objective: Objective
  /// How.
  public let hyperparameters: Hyperparameters
  /// The seed of the order of examples, of dropout and of a fresh adapter.
  public let seed: Int
  /// When weights are kept on the way, each after so many epochs or steps from the beginning, epochs before steps, in order.
  ///
  /// The end is none of them. A checkpoint that the training turns out not to reach holds the last weights.
  public let checkpoints: [BestCheckpoint.Interval]
  /// At most so many optimizer steps; nil: as many as the epochs take.
  public let limit: Int?
  /// Whether the optimizer's memory is an output, for the training of a next round.
  public let keepsOptimizer: Bool

  var options: Manifest {
    var options = Manifest()
    model.describe(into: &options)
    objective.describe(into: &options)
    hyperparameters.describe(into: &options)
    options.set("seed", .integer(seed))
    for (index, checkpoint) in checkpoints.enumerated() {
      switch checkpoint {
      case .epochs(let epochs): options.set("checkpoints/\(index)/epochs", .number(epochs))
      case .steps(let steps): options.set("checkpoints/\(index)/steps", .integer(steps))
      }
    }
    if let limit { options.set("limit", .integer(limit)) }
    if keepsOptimizer { options.set("keeps-optimizer", .flag(true)) }
    return options
  }
}

extension Objective {
  /// Its options, under `objective`.
  func describe(into options: inout Manifest) {
    func set(_ name: String, _ number: Double) { options.set("objective/\(name)", .number(number)) }
    options.set("objective", .text(name))
    switch self {
    case .sft(let sft): set("label-smoothing", sft.labelSmoothing)
    case .dpo(let dpo):
      set("beta", dpo.beta)
      set("label-smoothing", dpo.labelSmoothing)
    case .apoZero(let apo), .apoDown(let apo): set("beta", apo.beta)
    case .kto(let kto):
      set("beta", kto.beta)
      set("desirable-weight", kto.desirableWeight)
      set("undesirable-weight", kto.undesirableWeight)
      options.set("objective/partner", .text(kto.partner.rawValue))
    case .apoZeroUnpaired(let apo):
      set("beta", apo.beta)
      set("desirable-weight", apo.desirableWeight)
      set("undesirable-weight", apo.undesirableWeight)
    case .cut(let cut):
      options.set("objective/form", .text(cut.form.rawValue))
      set("lambda", cut.lambda)
      set("alpha", cut.alpha)
      if let gamma = cut.gamma { set("gamma", gamma) }
      options.set("objective/without", texts: cut.without.map(\.rawValue))
    case .forwardPrediction(let prediction): set("weight", prediction.weight)
    case .rrhf(let rrhf): set("sft-weight", rrhf.sftWeight)
    case .pro(let pro):
      set("sft-weight", pro.sftWeight)
      if pro.floor != PROOptions.standardFloor { set("floor", pro.floor) }
    case .clha(let clha):
      set("margin", clha.margin)
      set("gap", clha.gap)
      set("sft-weight", clha.sftWeight)
      if let gate = clha.gate { set("gate", gate) }
    case .hir(let hir):
      options.set("objective/form", .text(hir.form.rawValue))
      set("label-smoothing", hir.labelSmoothing)
      set("contrast", hir.contrast)
      set("entropy", hir.entropy)
      if let spans = hir.spans {
        options.set("objective/spans/draw", .text(spans.draw.rawValue))
        options.set("objective/spans/minimum", .integer(spans.minimum))
      }
    case .bradleyTerry: break
    }
  }
}

extension Hyperparameters {
  /// What of them training reads; `max-length`, `longer` and `examples` are done with before.
  func describe(into options: inout Manifest) {
    switch adapter {
    case .full: options.set("adapter", .text("full"))
    case .lora(let lora):
      options.set("adapter", .text("lora"))
      options.set("adapter/rank", .integer(lora.rank))
      options.set("adapter/alpha", .number(lora.alpha))
      if lora.scaling != .rank { options.set("adapter/scaling", .text(lora.scaling.rawValue)) }
      options.set("adapter/dropout", .number(lora.dropout))
      options.set("adapter/targets", texts: lora.targets.map(\.rawValue))
    }
    switch optimizer {
    case .adamw(let adamw):
      options.set("optimizer", .text("adamw"))
      options.set("optimizer/learning-rate", .number(adamw.learningRate))
      options.set("optimizer/beta-1", .number(adamw.beta1))
      options.set("optimizer/beta-2", .number(adamw.beta2))
      options.set("optimizer/epsilon", .number(adamw.epsilon))
      options.set("optimizer/weight-decay", .number(adamw.weightDecay))
    }
    switch schedule {
    case .constant: options.set("schedule", .text("constant"))
    case .linear(_, let floor):
      options.set("schedule", .text("linear"))
      options.set("schedule/floor", .number(floor))
    case .cosine(_, let floor):
      options.set("schedule", .text("cosine"))
      options.set("schedule/floor", .number(floor))
    }
    switch schedule.warmup {
    case .steps(let steps)?: options.set("schedule/warmup/steps", .integer(steps))
    case .fraction(let fraction)?: options.set("schedule/warmup/fraction", .number(fraction))
    case nil: break
    }
    options.set("batch", .integer(batch))
    if group < batch { options.set("batch/group", .integer(group)) }
    options.set("epochs", .number(epochs))
    options.set("clip", clip.map { .number($0) } ?? .none)
  }
}

/// Brings an adapter from outside into the form in which results of trainings are kept.
///
/// Inputs: `config`, `weights`, and the files of the model under it, whose sizes and order of rows decide. Output: `weights`.
public struct AdaptWork: Work, Hashable {
  static let kind = StepKind.adapt
  static let version = 1
  /// The model under it, without what is trained over that.
  public let model: ModelUse

  var options: Manifest {
    var options = Manifest()
    model.describeSource(into: &options)
    return options
  }
}

/// Takes the weights whose outcomes are best: the highest mean, the earliest of equals.
///
/// Inputs: `outcomes/<n>` and `weights/<n>` for each candidate. Outputs: `weights`, `choice` (what was chosen, and every
/// candidate's mean). A search only measures: it has no weights, neither as inputs nor as output.
public struct ChooseWork: Work, Hashable {
  static let kind = StepKind.choose
  static let version = 1
  /// How many candidates there are.
  public let candidates: Int
  /// Whether the lowest mean is best, as for perplexity.
  public let lowest: Bool
  /// Whether it says what is best, and leaves it to others to take it.
  public let onlyMeasures: Bool

  init(candidates: Int, lowest: Bool, onlyMeasures: Bool = false) {
    self.candidates = candidates
    self.lowest = lowest
    self.onlyMeasures = onlyMeasures
  }

  var options: Manifest {
    var options = Manifest()
    options.set("candidates", .integer(candidates))
    options.set("lowest", .flag(lowest))
    if onlyMeasures { options.set("only-measures", .flag(true)) }
    return options
  }
}

/// Takes what the chosen one of several candidates made.
///
/// Inputs: `choice`, and of `candidates/<n>` only the chosen one's: nothing makes the others run. Output: ``output``, the
/// same object under another name.
public struct SelectWork: Work, Hashable {
  static let kind = StepKind.select
  static let version = 1
  /// The input that says which candidate is chosen.
  public static let choice = "choice"
  private static let prefix = "candidates/"
  /// How many candidates there are.
  public let candidates: Int
  /// What the output is called: as readers of such an object know it, `weights` or `outcomes`.
  public let output: String

  /// The input that holds what a candidate made.
  public static func input(ofCandidate number: Int) -> String { "\(prefix)\(number)" }

  /// The number of the candidate that an input holds; nil for another input.
  static func candidate(in input: String) -> Int? {
    input.hasPrefix(prefix) ? Int(input.dropFirst(prefix.count)) : nil
  }

  var options: Manifest {
    var options = Manifest()
    options.set("candidates", .integer(candidates))
    options.set("output", .text(output))
    return options
  }
}
