// From a spec's objective and hyperparameters to the engine's.

import LanguageModel
package import Objectives
package import Specification
import Training

extension Objective {
  /// The function that computes it; planning refuses those that training cannot give all their numbers yet.
  package var function: any ObjectiveFunction {
    switch self {
    case .sft(let sft): SupervisedFineTuning(labelSmoothing: sft.labelSmoothing)
    case .dpo(let dpo): DirectPreference(beta: dpo.beta, labelSmoothing: dpo.labelSmoothing)
    case .apoZero(let apo): AnchoredPreferenceZero(beta: apo.beta)
    case .apoDown(let apo): AnchoredPreferenceDown(beta: apo.beta)
    case .kto(let kto):
      KahnemanTversky(
        beta: kto.beta, desirableWeight: kto.desirableWeight, undesirableWeight: kto.undesirableWeight)
    case .apoZeroUnpaired(let apo):
      AnchoredPreferenceZeroUnpaired(
        beta: apo.beta, desirableWeight: apo.desirableWeight, undesirableWeight: apo.undesirableWeight)
    case .cut(let cut): cut.function
    case .forwardPrediction(let prediction): ForwardPrediction(weight: prediction.weight)
    case .rrhf(let rrhf): RankResponses(likelihoodWeight: rrhf.sftWeight)
    case .pro(let pro): PreferenceRanking(likelihoodWeight: pro.sftWeight, floor: pro.floor)
    case .clha(let clha):
      ContrastiveRanking(margin: clha.margin, gap: clha.gap, likelihoodWeight: clha.sftWeight, gate: clha.gate)
    case .hir(let hir):
      HindsightRelabeling(
        form: hir.form == .code ? .code : .paper, labelSmoothing: hir.labelSmoothing, contrast: hir.contrast,
        entropy: hir.entropy)
    case .bradleyTerry: BradleyTerry()
    }
  }

  /// The difference of rewards above which two responses of a ranking are in order; nil for what learns no rankings.
  var rewardGap: Double? {
    switch self {
    case .rrhf, .pro, .bradleyTerry: 0
    case .clha(let clha): clha.gap
    default: nil
    }
  }
}

extension CUTOptions {
  /// Both versions of the paper have one form; the first has no exponent.
  fileprivate var function: ContrastiveUnlikelihood {
    let omitted = without.map { part -> ContrastiveUnlikelihood.Part in
      switch part {
      case .detection: .detection
      case .alignP: .alignP
      case .alignN: .alignN
      case .misalign: .misalign
      case .weighting: .weighting
      }
    }
    return ContrastiveUnlikelihood(
      form: form == .code ? .code : .paper, lambda: lambda, alpha: alpha, gamma: gamma, without: Set(omitted))
  }
}

extension Hyperparameters {
  /// What is trained.
  var trainedPart: TrainedPart {
    switch adapter {
    case .full: .full
    case .lora(let lora):
      .lowRank(
        LowRank(
          rank: lora.rank, scale: Float(lora.scale), targets: lora.targets.map(\.tensor),
          dropout: lora.dropout))
    }
  }

  /// How a training goes.
  func options(_ objective: Objective, seed: Int, limit: Int?) -> TrainingOptions {
    let adamw =
      switch optimizer {
      case .adamw(let adamw): adamw
      }
    let (shape, warmup): (LearningRateShape, Warmup?) =
      switch schedule {
      case .constant(let warmup): (.constant, warmup)
      case .linear(let warmup, let floor): (.linear(floor: floor), warmup)
      case .cosine(let warmup, let floor): (.cosine(floor: floor), warmup)
      }
    let rise: WarmupLength =
      switch warmup {
      case .steps(let steps)?: .steps(steps)
      case .fraction(let fraction)?: .fraction(fraction)
      case nil: .none
      }
    var options = TrainingOptions(
      objective: objective.function, batch: batch, epochs: epochs, learningRate: adamw.learningRate, shape: shape,
      warmup: rise,
      adamW: AdamWOptions(
        beta1: adamw.beta1, beta2: adamw.beta2, epsilon: adamw.epsilon, weightDecay: adamw.weightDecay),
      clip: clip, seed: UInt64(bitPattern: Int64(seed)), limit: limit)
    if group < batch { options.group = group }
    if case .hir(let hir) = objective {
      options.subOutputs = hir.spans.map { SubOutputChoice(minimum: $0.minimum, eachEpoch: $0.draw == .eachEpoch) }
      options.readsOtherPrompts = hir.form == .paper && hir.contrast > 0
    }
    return options
  }
}

extension LoRA.Target {
  fileprivate var tensor: BlockTensor {
    switch self {
    case .query: .attentionQuery
    case .key: .attentionKey
    case .value: .attentionValue
    case .output: .attentionOutput
    case .gate: .feedForwardGate
    case .up: .feedForwardUp
    case .down: .feedForwardDown
    }
  }
}
