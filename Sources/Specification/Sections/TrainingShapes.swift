// How hyperparameters, rounds and seeds are written in a spec.
// Knows nothing of gradients.

import YAML

extension Hyperparameters {
  static var shape: Shape<Hyperparameters> {
    .record("hyperparameters") { fields in
      let adapter = fields.required("adapter", Adapter.shape.orUnknown(.full), "Which numbers are trained.")
      let optimizer = fields.required("optimizer", Optimizer.shape, "How a gradient becomes a step.")
      let schedule = fields.optional(
        "schedule", Schedule.shape, default: .constant(warmup: nil), "How the learning rate moves.")
      let batch = fields.required("batch", batch, "Examples for each optimizer step.")
      let epochs = fields.required(
        "epochs", .number(Limits(above: 0, atMost: 1_000_000)).orUnknown(1), "Passes over the examples.")
      let examples = fields.optional("examples", examples, "How many are learned from; unless set, all.")
      let maxLength = fields.optional("max-length", .count(atLeast: 2), "The most tokens of a text.")
      let longer = fields.optional("longer", Shape<Longer>.word, default: .drop, "What a longer text becomes.")
      let clip = fields.optional("clip", .number(.above(0)), "The largest norm of the gradient.")
      let keep = fields.optional("keep", Keep.shape, default: .last, "Which weights are the result.")
      guard let adapter, let optimizer, let batch, let epochs else { return nil }
      return Hyperparameters(
        adapter: adapter, optimizer: optimizer, schedule: schedule, batch: batch.examples, group: batch.group,
        epochs: epochs, examples: examples,
        maxLength: maxLength, longer: longer, clip: clip, keep: keep)
    }
  }

  private static var examples: Shape<ExampleCount> {
    let exact = Shape<Int>.count().map { ExampleCount.exactly($0) }
    let most = Shape<ExampleCount>.choice(
      "number of examples",
      [Alternative("at-most", .count(), "So many, or as many as there are.") { .atMost($0) }])
    return Shape(.either([exact.form, most.form])) { node, reading in
      switch node.scalar?.value {
      case .integer?, .number?: exact.read(node, reading)
      default: most.read(node, reading)
      }
    }
  }

  private static var batch: Shape<(examples: Int, group: Int)> {
    .record("batch") { fields in
      let examples = fields.required(
        "examples", .integer(.within(1...1_048_576)).orUnknown(1), "Examples for each optimizer step.")
      let group = fields.optional(
        "group", .count(),
        "Examples that the loss is normalized over: it is the mean over such groups. The published code of CUT has 1, "
          + "that of CLHA 2. Default: all of the batch.")
      if let examples, let group, group > examples, let place = fields.place("group") {
        fields.reading.note(.beyond(key: "group", value: group, other: "examples", limit: examples), place)
      }
      return examples.map { ($0, min(group ?? $0, $0)) }
    }
  }
}

extension Adapter {
  fileprivate static var shape: Shape<Adapter> {
    .choice(
      "adapter",
      [
        Alternative("full", .full, "All weights."),
        Alternative("lora", LoRA.shape, "A low-rank adapter.") { .lora($0) },
      ])
  }
}

extension LoRA {
  fileprivate static var shape: Shape<LoRA> {
    .record("lora") { fields in
      let rank = fields.required("rank", .integer(.within(1...4096)), "The rank.")
      let alpha = fields.required("alpha", .number(.above(0)), "The scale is alpha / rank, or what `scaling` says.")
      let dropout = fields.optional(
        "dropout", .number(Limits(atLeast: 0, below: 1)), default: 0, "The share of inputs dropped.")
      let targets = fields.optional(
        "targets", Shape<Target>.wordSet(atLeast: 1), default: Target.allCases, "Which matrices.")
      let scaling = fields.optional(
        "scaling", Shape<Scaling>.word, default: .rank,
        "What alpha is divided by: the rank, or its square root (rank-stabilized LoRA).")
      guard let rank, let alpha else { return nil }
      return LoRA(rank: rank, alpha: alpha, scaling: scaling, dropout: dropout, targets: targets)
    }
  }
}

extension Optimizer {
  fileprivate static var shape: Shape<Optimizer> {
    .choice("optimizer", [Alternative("adamw", AdamW.shape, "Adam with decoupled weight decay.") { .adamw($0) }])
  }
}

extension AdamW {
  fileprivate static var shape: Shape<AdamW> {
    .record("adamw") { fields in
      let rate = fields.required("learning-rate", .number(.above(0)).orUnknown(1), "The highest learning rate.")
      // In single precision, in which AdamW computes, more than this is 1 and a smaller epsilon is lost.
      let moment = Limits.within(0...0.9999999)
      let beta1 = fields.optional("beta-1", .number(moment), default: 0.9, "Decay of the first moment.")
      let beta2 = fields.optional("beta-2", .number(moment), default: 0.999, "Decay of the second moment.")
      let epsilon = fields.optional("epsilon", .number(.within(1e-30...1)), default: 1e-8, "Added to the root.")
      let decay = fields.optional("weight-decay", .number(.atLeast(0)), default: 0, "Decay of the weights.")
      guard let rate else { return nil }
      return AdamW(learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay)
    }
  }
}

extension Schedule {
  fileprivate static var shape: Shape<Schedule> {
    .choice(
      "schedule",
      [
        Alternative("constant", constant, alone: true, "Constant after warm-up.") { .constant(warmup: $0.warmup) },
        Alternative("linear", falling("linear"), alone: true, "Straight down after warm-up.") {
          .linear(warmup: $0.warmup, floor: $0.floor)
        },
        Alternative("cosine", falling("cosine"), alone: true, "Down along half a cosine after warm-up.") {
          .cosine(warmup: $0.warmup, floor: $0.floor)
        },
      ])
  }

  private struct Falling {
    let warmup: Warmup?
    let floor: Double
  }

  private static var constant: Shape<Falling> {
    .record("constant") { fields in
      Falling(warmup: fields.optional("warmup", Warmup.shape, "How long the learning rate rises."), floor: 1)
    }
  }

  private static func falling(_ name: String) -> Shape<Falling> {
    .record(name) { fields in
      let warmup = fields.optional("warmup", Warmup.shape, "How long the learning rate rises.")
      let floor = fields.optional(
        "floor", .number(.within(0...1)), default: 0, "Where it ends, as a share of the highest.")
      return Falling(warmup: warmup, floor: floor)
    }
  }
}

extension Warmup {
  fileprivate static var shape: Shape<Warmup> {
    .choice(
      "warmup",
      [
        Alternative("steps", .count(atLeast: 0), "Optimizer steps.") { .steps($0) },
        Alternative("fraction", .number(.within(0...1)), "A share of all optimizer steps.") { .fraction($0) },
      ])
  }
}

extension Keep {
  fileprivate static var shape: Shape<Keep> {
    .choice(
      "way to keep weights",
      [
        Alternative("last", .last, "The last weights."),
        Alternative("best", best, "The best by an eval.") { .best($0) },
      ])
  }

  private static var best: Shape<BestCheckpoint> {
    .record("best") { fields in
      let eval = fields.required("eval", .evalName, "The eval that decides.")
      let every = fields.required("every", BestCheckpoint.Interval.shape, "How often it is measured.")
      guard let eval, let every else { return nil }
      return BestCheckpoint(eval: eval, every: every)
    }
  }
}

extension BestCheckpoint.Interval {
  static var shape: Shape<BestCheckpoint.Interval> {
    .choice(
      "interval",
      [
        Alternative("epochs", .number(.above(0)), "Epochs.") { .epochs($0) },
        Alternative("steps", .count(), "Optimizer steps.") { .steps($0) },
      ])
  }
}

extension Rounds {
  static var shape: Shape<Rounds> {
    .record("rounds") { fields in
      let count = fields.required("count", .integer(.within(1...10_000)), "How many rounds.")
      let records = fields.optional("records", records, default: .all, "How many records a round takes.")
      let weights = fields.optional("weights", Shape<Weights>.word, default: .continue, "What a round starts from.")
      let optimizer = fields.optional(
        "optimizer", Shape<OptimizerState>.word, default: .fresh, "What happens to the optimizer's state.")
      let replay = fields.optional("replay", replay, default: .none, "Which earlier rounds' examples come again.")
      let evaluate = fields.optional("evaluate", Shape<Evaluate>.word, default: .last, "When evals run.")
      guard let count else { return nil }
      return Rounds(
        count: count, records: records, weights: weights, optimizer: optimizer, replay: replay, evaluate: evaluate)
    }
  }

  private static var records: Shape<Records> {
    let count = Shape<Int>.count().map { Records.count($0) }
    let all = Shape<Records>.choice("number of records", [Alternative("all", .all, "All, in every round.")])
    return Shape(.either([count.form, all.form])) { node, reading in
      switch node.scalar?.value {
      case .integer?, .number?: count.read(node, reading)
      default: all.read(node, reading)
      }
    }
  }

  private static var replay: Shape<Replay> {
    .choice(
      "replay",
      [
        Alternative("none", Replay.none, "None."),
        Alternative("all", .all, "All rounds'."),
        Alternative("last", .count(), "The last so many rounds'.") { .last($0) },
      ])
  }
}

extension Seeds {
  static var shape: Shape<Seeds> {
    let values = Shape<[Int]>.list(of: .integer(.atLeast(0)), atLeast: 1).check { values, node, reading in
      for (index, value) in values.enumerated() where values[..<index].contains(value) {
        reading.note(.repeated(key: reading.key, word: "\(value)"), node.elements?[index] ?? node)
      }
      return values
    }
    return .record("seeds") { fields in
      let values = fields.optional("values", values, default: [1], "The seeds.")
      let vary = fields.optional("vary", Shape<Purpose>.wordSet(), default: [], "What varies with them.")
      return Seeds(values: values, vary: vary)
    }
  }
}
