// How objectives are written in a spec.
// Knows nothing of formulas.

import YAML

extension Objective {
  static var shape: Shape<Objective> {
    .choice(
      "objective",
      [
        Alternative("sft", SFTOptions.shape, alone: true, "Likelihood of the (better) response.") { .sft($0) },
        Alternative("dpo", DPOOptions.shape, alone: true, "Direct preference optimization.") { .dpo($0) },
        Alternative("kto", KTOOptions.shape, alone: true, "Kahneman-Tversky optimization.") { .kto($0) },
        Alternative("apo-zero", apo("apo-zero"), alone: true, "Anchored preference optimization, zero.") {
          .apoZero($0)
        },
        Alternative("apo-down", apo("apo-down"), alone: true, "Anchored preference optimization, down.") {
          .apoDown($0)
        },
        Alternative("apo-zero-unpaired", UnpairedAPOOptions.shape, alone: true, "KTO's form of APO-zero.") {
          .apoZeroUnpaired($0)
        },
        Alternative("cut", CUTOptions.shape, "Contrastive unlikelihood training.") { .cut($0) },
        Alternative(
          "forward-prediction", ForwardPredictionOptions.shape, alone: true, "The response, then its judgment."
        ) {
          .forwardPrediction($0)
        },
        Alternative("rrhf", rrhf, alone: true, "Ranking with the likelihood of the best.") { .rrhf($0) },
        Alternative("pro", pro, alone: true, "Preference ranking optimization.") { .pro($0) },
        Alternative("clha", CLHAOptions.shape, alone: true, "Contrastive learning from rescored rankings.") {
          .clha($0)
        },
        Alternative("hir", HIROptions.shape, "Hindsight instruction relabeling.") { .hir($0) },
        Alternative("bradley-terry", .bradleyTerry, "A reward model."),
      ])
  }

  private static func apo(_ name: String) -> Shape<APOOptions> {
    .record(name) { APOOptions(beta: $0.beta()) }
  }

  private static var rrhf: Shape<RRHFOptions> {
    .record("rrhf") { RRHFOptions(sftWeight: $0.sftWeight(default: 1)) }
  }

  private static var pro: Shape<PROOptions> {
    .record("pro") { fields in
      let weight = fields.sftWeight(default: 0.05)
      let floor = fields.optional(
        "floor", .number(.within(0...1)), default: PROOptions.standardFloor,
        "Stands beside the powers in the logarithm, as in the authors' code; 0: the paper's form.")
      return PROOptions(sftWeight: weight, floor: floor)
    }
  }
}

extension SFTOptions {
  fileprivate static var shape: Shape<SFTOptions> {
    .record("sft") { SFTOptions(labelSmoothing: $0.smoothing(below: 1, default: 0)) }
  }
}

extension DPOOptions {
  fileprivate static var shape: Shape<DPOOptions> {
    .record("dpo") { fields in
      DPOOptions(beta: fields.beta(), labelSmoothing: fields.smoothing(below: 0.5, default: 0))
    }
  }
}

extension KTOOptions {
  fileprivate static var shape: Shape<KTOOptions> {
    .record("kto") { fields in
      let beta = fields.beta()
      let (desirable, undesirable) = fields.sides()
      let partner = fields.optional(
        "partner", Shape<Partner>.word, default: .drawn, "Where the completion of the reference point comes from.")
      return KTOOptions(beta: beta, desirableWeight: desirable, undesirableWeight: undesirable, partner: partner)
    }
  }
}

extension UnpairedAPOOptions {
  fileprivate static var shape: Shape<UnpairedAPOOptions> {
    .record("apo-zero-unpaired") { fields in
      let beta = fields.beta()
      let (desirable, undesirable) = fields.sides()
      return UnpairedAPOOptions(beta: beta, desirableWeight: desirable, undesirableWeight: undesirable)
    }
  }
}

extension CUTOptions {
  fileprivate static var shape: Shape<CUTOptions> {
    .record("cut") { fields in
      let form = fields.required("form", Shape<Form>.word, "Which published form: they differ in kind.")
      let lambda = fields.optional(
        "lambda", .number(.above(0)), default: 1.1, "How much likelier under the judgment counts as inappropriate.")
      let alpha = fields.optional("alpha", .number(.atLeast(0)), default: 1, "The weight of inappropriate tokens.")
      let gamma = fields.optional("gamma", .number(.atLeast(0)), "The exponent of the dynamic weight (paper-v4).")
      let prompt = fields.judgedPrompt()
      let without = fields.optional("without", Shape<Part>.wordSet(), default: [], "Parts left out.")
      if let form, form != .paperV4, fields.has("gamma"), let place = fields.place("gamma") {
        fields.reading.note(.goesOnlyWith(key: "gamma", other: "form: paper-v4"), place)
      }
      guard let form else { return nil }
      return CUTOptions(
        form: form, lambda: lambda, alpha: alpha, gamma: form == .paperV4 ? gamma ?? 1 : nil, judgedPrompt: prompt,
        without: without)
    }
  }
}

extension Fields {
  /// The prompt with the judgment.
  mutating func judgedPrompt() -> Prompt {
    let prompt = optional(
      "judged-prompt", Prompt.shape, default: .judged, "The prompt with the {judgment}; knows {asked}.")
    if !prompt.uses("judgment"), let place = place("judged-prompt") {
      reading.note(.templateLacks(field: "judgment", key: "judged-prompt"), place)
    }
    return prompt
  }
}

extension Prompt {
  /// Whether any of its templates names a field.
  fileprivate func uses(_ field: String) -> Bool {
    switch self {
    case .text(let template): template.fields.contains(field)
    case .turns(let parts):
      parts.contains { part in
        if case .turn(let turn) = part { turn.content.fields.contains(field) } else { false }
      }
    case .conversation: false
    }
  }
}

extension ForwardPredictionOptions {
  fileprivate static var shape: Shape<ForwardPredictionOptions> {
    .record("forward-prediction") { fields in
      let prompt = fields.optional(
        "judgment-prompt", .template, default: .judgmentQuestion, "The text between response and judgment.")
      let weight = fields.optional("weight", .number(.atLeast(0)), default: 1, "The weight of the judgment.")
      return ForwardPredictionOptions(judgmentPrompt: prompt, weight: weight)
    }
  }
}

extension CLHAOptions {
  fileprivate static var shape: Shape<CLHAOptions> {
    .record("clha") { fields in
      let margin = fields.optional(
        "margin", .number(.atLeast(0)), default: 3, "The hinge's margin in nats for each rank.")
      let gap = fields.optional(
        "gap", .number(.atLeast(0)), default: 3, "The difference of rewards above which a pair counts.")
      let weight = fields.sftWeight(default: 0.05)
      let gate = fields.optional(
        "gate", .number(),
        "The reward above which the best response's likelihood counts, 0 in the authors' code; none: always.")
      return CLHAOptions(margin: margin, gap: gap, sftWeight: weight, gate: gate)
    }
  }
}

extension HIROptions {
  fileprivate static var shape: Shape<HIROptions> {
    .record("hir") { fields in
      let form = fields.required("form", Shape<Form>.word, "Which published form: they differ in kind.")
      let smoothing = fields.smoothing(below: 1, default: 0.2)
      let contrast = fields.optional("contrast", .number(.atLeast(0)), default: 1, "The weight of the contrast.")
      let entropy = fields.optional("entropy", .number(.atLeast(0)), default: 0.001, "The weight of the entropy.")
      let spans = fields.optional(
        "spans", spans, "How sub-outputs are drawn, each epoch in the authors' code; none: whole responses.")
      guard let form else { return nil }
      return HIROptions(form: form, labelSmoothing: smoothing, contrast: contrast, entropy: entropy, spans: spans)
    }
  }

  private static var spans: Shape<Spans> {
    .record("spans") { fields in
      let draw = fields.optional("draw", Shape<Spans.Draw>.word, default: .eachEpoch, "When they are drawn.")
      let minimum = fields.optional(
        "minimum", .count(), default: 3, "The length up to which the whole response is taken.")
      return Spans(draw: draw, minimum: minimum)
    }
  }
}

extension Fields {
  fileprivate mutating func beta() -> Double {
    optional("beta", .number(.above(0)).orUnknown(0.1), default: 0.1, "The weight of the log-ratio.")
  }

  fileprivate mutating func sftWeight(default value: Double) -> Double {
    optional("sft-weight", .number(.atLeast(0)), default: value, "The weight of the best response's likelihood.")
  }

  fileprivate mutating func smoothing(below: Double, default value: Double) -> Double {
    optional(
      "label-smoothing", .number(Limits(atLeast: 0, below: below)), default: value, "The share of doubt in the labels.")
  }

  fileprivate mutating func sides() -> (desirable: Double, undesirable: Double) {
    (
      optional("desirable-weight", .number(.atLeast(0)), default: 1, "The weight of good responses."),
      optional("undesirable-weight", .number(.atLeast(0)), default: 1, "The weight of bad responses.")
    )
  }
}
