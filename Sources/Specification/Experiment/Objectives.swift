// What training minimizes: the kinds, their options with ranges, and the feedback each can read.
// Knows nothing of formulas.

/// What training minimizes.
public enum Objective: Hashable, Sendable {
  /// The likelihood of the (better) response.
  case sft(SFTOptions)
  /// Direct preference optimization.
  case dpo(DPOOptions)
  /// Kahneman-Tversky optimization.
  case kto(KTOOptions)
  /// Anchored preference optimization, zero.
  case apoZero(APOOptions)
  /// Anchored preference optimization, down.
  case apoDown(APOOptions)
  /// KTO's form of APO-zero, whose anchor is 0.
  case apoZeroUnpaired(UnpairedAPOOptions)
  /// Contrastive unlikelihood training.
  case cut(CUTOptions)
  /// The likelihood of the response and of the judgment after it.
  case forwardPrediction(ForwardPredictionOptions)
  /// Ranking with the likelihood of the best.
  case rrhf(RRHFOptions)
  /// Preference ranking optimization.
  case pro(PROOptions)
  /// Contrastive learning from rescored rankings.
  case clha(CLHAOptions)
  /// Hindsight instruction relabeling.
  case hir(HIROptions)
  /// A reward model: the decoder with a scalar head.
  case bradleyTerry

  /// The objective's name in a spec.
  public var name: String {
    switch self {
    case .sft: "sft"
    case .dpo: "dpo"
    case .kto: "kto"
    case .apoZero: "apo-zero"
    case .apoDown: "apo-down"
    case .apoZeroUnpaired: "apo-zero-unpaired"
    case .cut: "cut"
    case .forwardPrediction: "forward-prediction"
    case .rrhf: "rrhf"
    case .pro: "pro"
    case .clha: "clha"
    case .hir: "hir"
    case .bradleyTerry: "bradley-terry"
    }
  }

  /// The kinds of feedback that it can read.
  public var reads: [Feedback] {
    switch self {
    case .sft: [.responses, .judgments, .pairs, .rankings, .relabeled]
    case .dpo, .apoZero, .apoDown: [.pairs]
    case .kto, .apoZeroUnpaired: [.pairs, .judgments]
    case .cut, .forwardPrediction: [.judgments]
    case .rrhf, .pro, .clha: [.rankings]
    case .hir: [.relabeled]
    case .bradleyTerry: [.pairs, .rankings]
    }
  }

  /// Whether it needs log-probabilities of the frozen reference model.
  public var usesReference: Bool {
    switch self {
    case .dpo, .kto, .apoZero, .apoDown, .apoZeroUnpaired: true
    case .sft, .cut, .forwardPrediction, .rrhf, .pro, .clha, .hir, .bradleyTerry: false
    }
  }
}

/// Options of `sft`.
public struct SFTOptions: Hashable, Sendable {
  /// The share of the target spread over the vocabulary; at least 0, less than 1.
  public let labelSmoothing: Double
}

/// Options of `dpo`.
public struct DPOOptions: Hashable, Sendable {
  /// The weight of the log-ratio; more than 0.
  public let beta: Double
  /// The probability that a pair's labels are swapped; at least 0, less than 0.5.
  public let labelSmoothing: Double
}

/// Options of `kto`.
public struct KTOOptions: Hashable, Sendable {
  /// Where the completion of KTO's reference point comes from.
  public enum Partner: String, Hashable, Sendable, CaseIterable {
    /// Another record's, drawn once for each seed.
    case drawn
    /// The neighbor's in the micro-batch, as TRL does; the micro-batch is the batch of an optimizer step.
    case rotation
  }

  /// The weight of the log-ratio; more than 0.
  public let beta: Double
  /// The weight of good responses; at least 0.
  public let desirableWeight: Double
  /// The weight of bad responses; at least 0.
  public let undesirableWeight: Double
  /// Where the completion of the reference point comes from.
  public let partner: Partner
}

/// Options of `apo-zero` and `apo-down`.
public struct APOOptions: Hashable, Sendable {
  /// The weight of the log-ratio; more than 0.
  public let beta: Double
}

/// Options of `apo-zero-unpaired`.
public struct UnpairedAPOOptions: Hashable, Sendable {
  /// The weight of the log-ratio; more than 0.
  public let beta: Double
  /// The weight of good responses; at least 0.
  public let desirableWeight: Double
  /// The weight of bad responses; at least 0.
  public let undesirableWeight: Double
}

/// Options of `cut`.
public struct CUTOptions: Hashable, Sendable {
  /// Which of its published forms.
  public enum Form: String, Hashable, Sendable, CaseIterable {
    /// Equations 5 to 7 of the fourth version of the paper.
    case paperV4 = "paper-v4"
    /// The first version of the paper: no dynamic weight.
    case paperV1 = "paper-v1"
    /// The authors' code: pooled means, halved where there are negatives.
    case code
  }

  /// A part that can be left out.
  public enum Part: String, Hashable, Sendable, CaseIterable {
    /// Finding the inappropriate tokens: without it, all tokens of a bad response count as such.
    case detection
    /// Likelihood of acceptable responses.
    case alignP = "align-p"
    /// Likelihood of bad responses under their judgment.
    case alignN = "align-n"
    /// Unlikelihood of bad responses (L1).
    case misalign
    /// The dynamic weight p^gamma.
    case weighting
  }

  /// Which of its published forms.
  public let form: Form
  /// How much likelier a token must be under the judgment to count as inappropriate; more than 0.
  public let lambda: Double
  /// The weight of inappropriate tokens; at least 0.
  public let alpha: Double
  /// The exponent of the dynamic weight; at least 0; nil for the forms that have none.
  public let gamma: Double?
  /// The prompt with the judgment.
  public let judgedPrompt: Prompt
  /// The parts left out, each once, in the order of the kinds above.
  public let without: [Part]
}

/// Options of `forward-prediction`.
public struct ForwardPredictionOptions: Hashable, Sendable {
  /// The text after the response that asks for the judgment; the judgment follows it.
  public let judgmentPrompt: Template
  /// The weight of the judgment's likelihood; at least 0.
  public let weight: Double
}

/// Options of `rrhf`.
public struct RRHFOptions: Hashable, Sendable {
  /// The weight of the best response's likelihood; at least 0.
  public let sftWeight: Double
}

/// Options of `pro`.
public struct PROOptions: Hashable, Sendable {
  /// The authors' code has it; the paper has none, which is 0.
  public static let standardFloor = 1e-10

  /// The weight of the best response's likelihood; at least 0.
  public let sftWeight: Double
  /// What stands beside the powers in the logarithm; at least 0.
  public let floor: Double
}

/// Options of `clha`.
public struct CLHAOptions: Hashable, Sendable {
  /// The hinge's margin in nats for each rank of distance; at least 0.
  public let margin: Double
  /// The difference of rewards above which a pair counts; at least 0.
  public let gap: Double
  /// The weight of the best response's likelihood; at least 0.
  public let sftWeight: Double
  /// The reward above which the best response's likelihood counts; nil: always.
  public let gate: Double?
}

/// Options of `hir`.
public struct HIROptions: Hashable, Sendable {
  /// Which of its published forms.
  public enum Form: String, Hashable, Sendable, CaseIterable {
    /// The authors' code: two instructions, mean log-probabilities.
    case code
    /// The paper: all instructions of the batch, sums.
    case paper
  }

  /// How sub-outputs are drawn.
  public struct Spans: Hashable, Sendable {
    /// When they are drawn.
    public enum Draw: String, Hashable, Sendable, CaseIterable {
      /// Anew in each epoch.
      case eachEpoch = "each-epoch"
      /// Once.
      case once
    }

    /// When they are drawn.
    public let draw: Draw
    /// The length in tokens up to which the whole response is taken; at least 1.
    public let minimum: Int
  }

  /// Which of its published forms.
  public let form: Form
  /// The share of the target spread out; at least 0, less than 1.
  public let labelSmoothing: Double
  /// The weight of the contrast between instructions; at least 0.
  public let contrast: Double
  /// The weight of the entropy; at least 0.
  public let entropy: Double
  /// How sub-outputs are drawn; nil: the loss is on whole responses.
  public let spans: Spans?
}
