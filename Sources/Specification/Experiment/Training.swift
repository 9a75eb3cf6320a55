// How training runs: adapter, optimizer, schedule, batches, rounds, search.
// Knows nothing of gradients.

/// What is trained and how.
public struct Training: Hashable, Sendable {
  /// What training minimizes.
  public let objective: Objective
  /// How it runs.
  public let hyperparameters: Hyperparameters
}

/// How training runs.
public struct Hyperparameters: Hashable, Sendable {
  /// What a text longer than `maxLength` becomes.
  public enum Longer: String, Hashable, Sendable, CaseIterable {
    /// Dropped and counted.
    case drop
    /// Cut on the left of the prompt and counted.
    case cut
  }

  /// Which numbers are trained.
  public let adapter: Adapter
  /// How a gradient becomes a step.
  public let optimizer: Optimizer
  /// How the learning rate moves.
  public let schedule: Schedule
  /// Examples for each optimizer step; at least 1.
  public let batch: Int
  /// How many examples of a batch the loss is normalized over: it is the mean over such groups; at least 1, at most `batch`.
  ///
  /// The whole batch unless the spec says less: the published code of some methods averages losses of so many examples, on as
  /// many devices or one after the other, and where a loss divides by a count that is another loss.
  public let group: Int
  /// Passes over the examples; more than 0.
  public let epochs: Double
  /// How many examples are learned from; nil: all there are.
  public let examples: ExampleCount?
  /// The most tokens of prompt and response together; nil: the model's context.
  public let maxLength: Int?
  /// What a longer text becomes.
  public let longer: Longer
  /// The largest norm of the gradient; more than 0; nil: not clipped.
  public let clip: Double?
  /// Which weights are the result.
  public let keep: Keep
}

/// How many examples are learned from; at least 1.
public enum ExampleCount: Hashable, Sendable {
  /// So many; fewer is an error.
  case exactly(Int)
  /// So many or as many as there are, as HIR's authors keep of their replay buffer.
  case atMost(Int)

  /// The number.
  public var most: Int {
    switch self {
    case .exactly(let count), .atMost(let count): count
    }
  }

  /// The number, if there cannot be fewer.
  public var exact: Int? { if case .exactly(let count) = self { count } else { nil } }
}

/// Which numbers are trained.
public enum Adapter: Hashable, Sendable {
  /// All weights.
  case full
  /// A low-rank adapter.
  case lora(LoRA)
}

/// A low-rank adapter.
public struct LoRA: Hashable, Sendable {
  /// A matrix of a block.
  public enum Target: String, Hashable, Sendable, CaseIterable {
    /// Queries.
    case query = "q"
    /// Keys.
    case key = "k"
    /// Values.
    case value = "v"
    /// The attention's output.
    case output = "o"
    /// The feed-forward layer's gate.
    case gate
    /// The feed-forward layer's way up.
    case up
    /// The feed-forward layer's way down.
    case down
  }

  /// What alpha is divided by.
  public enum Scaling: String, Hashable, Sendable, CaseIterable {
    /// The rank.
    case rank
    /// The rank's square root (rank-stabilized LoRA, arXiv 2312.03732).
    case rootRank = "root-rank"
  }

  /// The rank; at least 1.
  public let rank: Int
  /// More than 0; see ``scale``.
  public let alpha: Double
  /// What alpha is divided by.
  public let scaling: Scaling
  /// What the product of an adapter's matrices is multiplied by.
  public var scale: Double {
    switch scaling {
    case .rank: alpha / Double(rank)
    case .rootRank: alpha / Double(rank).squareRoot()
    }
  }
  /// The share of inputs dropped; at least 0, less than 1.
  public let dropout: Double
  /// Which matrices, each once, in the order of the kinds above; not empty.
  public let targets: [Target]
}

/// How a gradient becomes a step.
public enum Optimizer: Hashable, Sendable {
  /// Adam with decoupled weight decay.
  case adamw(AdamW)
}

/// Adam with decoupled weight decay.
public struct AdamW: Hashable, Sendable {
  /// The highest learning rate; more than 0.
  public let learningRate: Double
  /// Decay of the first moment; at least 0, less than 1.
  public let beta1: Double
  /// Decay of the second moment; at least 0, less than 1.
  public let beta2: Double
  /// Added to the root; more than 0.
  public let epsilon: Double
  /// At least 0.
  public let weightDecay: Double
}

/// How the learning rate moves.
public enum Schedule: Hashable, Sendable {
  /// Constant after warm-up.
  case constant(warmup: Warmup?)
  /// Straight down to `floor` times the highest, after warm-up.
  case linear(warmup: Warmup?, floor: Double)
  /// Down to `floor` times the highest along half a cosine, after warm-up.
  case cosine(warmup: Warmup?, floor: Double)

  /// The warm-up, if there is one.
  public var warmup: Warmup? {
    switch self {
    case .constant(let warmup): warmup
    case .linear(let warmup, _), .cosine(let warmup, _): warmup
    }
  }
}

/// How long the learning rate rises.
public enum Warmup: Hashable, Sendable {
  /// For so many optimizer steps.
  case steps(Int)
  /// For this share of all optimizer steps; 0...1.
  case fraction(Double)
}

/// Which weights are the result.
public enum Keep: Hashable, Sendable {
  /// The last.
  case last
  /// The best by an eval.
  case best(BestCheckpoint)
}

/// The best weights by an eval.
public struct BestCheckpoint: Hashable, Sendable {
  /// How often it is measured.
  public enum Interval: Hashable, Sendable {
    /// After so many epochs; more than 0.
    case epochs(Double)
    /// After so many optimizer steps.
    case steps(Int)
  }

  /// The eval's name.
  public let eval: String
  /// How often it is measured.
  public let every: Interval
}

/// Generate, revise, train, again and again.
public struct Rounds: Hashable, Sendable {
  /// How many records a round takes.
  public enum Records: Hashable, Sendable {
    /// So many; round r takes the r-th so many.
    case count(Int)
    /// All, in every round.
    case all
  }

  /// What a round starts from.
  public enum Weights: String, Hashable, Sendable, CaseIterable {
    /// The last round's adapter, trained on.
    case `continue`
    /// The last round's result merged, under a fresh adapter.
    case merge
    /// The first model.
    case fresh
  }

  /// What happens to the optimizer's state.
  public enum OptimizerState: String, Hashable, Sendable, CaseIterable {
    /// Starts anew.
    case fresh
    /// Goes on.
    case `continue`
  }

  /// Which earlier rounds' examples are trained on again.
  public enum Replay: Hashable, Sendable {
    /// None.
    case none
    /// All.
    case all
    /// The last so many rounds'.
    case last(Int)
  }

  /// When evals run.
  public enum Evaluate: String, Hashable, Sendable, CaseIterable {
    /// After each round.
    case each
    /// After the last.
    case last
  }

  /// How many; at least 1.
  public let count: Int
  /// How many records a round takes.
  public let records: Records
  /// What a round starts from.
  public let weights: Weights
  /// What happens to the optimizer's state.
  public let optimizer: OptimizerState
  /// Which earlier rounds' examples are trained on again.
  public let replay: Replay
  /// When evals run.
  public let evaluate: Evaluate

  /// One round with all records: what a spec without `rounds:` means.
  public static let one = Rounds(
    count: 1, records: .all, weights: .continue, optimizer: .fresh, replay: .none, evaluate: .last)
}
