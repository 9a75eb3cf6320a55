// How reviser stages are written in a spec.
// Knows nothing of how a stage works.

import YAML

extension Reviser {
  static var shape: Shape<Reviser> {
    .choice(
      "reviser",
      [
        Alternative("minimal-revision", MinimalRevision.shape, "The smallest edit that makes it right (CLAIR).") {
          .minimalRevision($0)
        },
        Alternative("judge", Judge.shape, "Best and worst candidate.") { .judge($0) },
        Alternative("stronger", Stronger.shape, "A stronger model's response.") { .stronger($0) },
        Alternative("judgment", JudgmentSource.shape, "What is wrong, in words (CUT).") { .judgment($0) },
        Alternative("refinement", Refinement.shape, "Better with the judgment at hand (ILF).") { .refinement($0) },
        Alternative("hindsight", Hindsight.shape, "The instruction that a response fits (HIR).") { .hindsight($0) },
        Alternative("rescore", rescoreShape, "Scores, and the order they give (CLHA).") { .rescore($0) },
        Alternative("ranked", rankedShape, "The order that the data give.") { $0 },
        Alternative("select", Selection.shape, "Some of what comes in.") { .select($0) },
        Alternative("flip", Flip.shape, "Noise in the labels.") { .flip($0) },
      ])
  }

  private static var rescoreShape: Shape<Assessor> {
    .record("rescore") { Assessor.read(&$0, in: "rescore", Assessor.Kind.allCases) }
  }

  private static var rankedShape: Shape<Reviser> {
    .record("ranked") { fields in
      _ = fields.optional("by", Assessor.written([.recorded]), "The data's own order.")
      return Reviser.ranked
    }
  }
}

extension Assessor {
  /// The kinds as they are written.
  enum Kind: String, CaseIterable {
    case verifier
    case model
    case rewardModel = "reward-model"
    case recorded
  }

  /// What stands under `by:`.
  enum Written: Equatable {
    case verifier
    case model(String)
    case rewardModel(String)
    case recorded
  }

  /// `by:` with the kinds that make sense somewhere.
  static func written(_ kinds: [Kind]) -> Shape<Written> {
    .choice(
      "way to decide", id: "by " + kinds.map(\.rawValue).joined(separator: " or "),
      kinds.map { kind in
        switch kind {
        case .verifier: Alternative("verifier", .verifier, "The data set's verifier.")
        case .model: Alternative("model", .modelName, "A model that is asked.") { .model($0) }
        case .rewardModel: Alternative("reward-model", .modelName, "A reward model's score.") { .rewardModel($0) }
        case .recorded: Alternative("recorded", .recorded, "What the data say.")
        }
      })
  }

  /// The keys of an assessor, for records that hold more than them.
  static func read(_ fields: inout Fields, in what: String, _ kinds: [Kind]) -> Assessor? {
    let by = fields.required("by", written(kinds), "Who says how good a response is.")
    let call = kinds.contains(.model) ? ModelCall.read(&fields, by: by, asking: .rating) : nil
    let scores =
      kinds.contains(.recorded)
      ? fields.optional("scores", .list(of: .template, atLeast: 1), "The score of each candidate.") : nil
    if let by, by != .recorded { fields.refuse("scores", without: "by: recorded") }
    switch by {
    case .verifier?:
      fields.reading.needsVerifier(in: what, fields.place("by"))
      return .verifier
    case .model?: return call.map { .model($0) }
    case .rewardModel(let name)?: return .rewardModel(name)
    case .recorded?:
      fields.demand("scores", with: "by: recorded", at: "by")
      return scores.map { .recorded($0) }
    case nil: return nil
    }
  }
}

extension ModelCall {
  /// The keys beside `by: {model: …}`.
  static func read(
    _ fields: inout Fields, by: Assessor.Written?, asking standard: Prompt, _ known: String = "{response}"
  ) -> ModelCall? {
    let prompt = fields.optional(
      "prompt", Prompt.shape, default: standard, "What the model is asked; knows \(known) and {asked}.")
    let decoding = Decoding.read(&fields, temperature: 0)
    guard case .model(let model)? = by else {
      for key in ["prompt"] + Decoding.keys where by != nil { fields.refuse(key, without: "by: {model: …}") }
      return nil
    }
    return ModelCall(model: model, prompt: prompt, decoding: decoding)
  }
}

extension Shape<Assessor.Written> {
  /// The same where a model that writes is named by the key `model`: what stands under `by` is told so.
  fileprivate func refusingModel(in what: String) -> Shape {
    Shape(makeForm()) { node, reading in
      guard let model = node["model"] else { return self.read(node, reading) }
      reading.note(.modelUnderBy(model: model.scalar?.text, in: what), node)
      return nil
    }
  }
}

extension MinimalRevision {
  fileprivate static var shape: Shape<MinimalRevision> {
    .record("minimal-revision") { fields in
      let by = fields.required("by", Assessor.written([.verifier, .model, .recorded]), "Who edits.")
      let call = ModelCall.read(&fields, by: by, asking: .revision)
      let revisions = fields.optional(
        "revisions", .list(of: .template, atLeast: 1), "The revision of each candidate that stands in the data.")
      let keep = fields.keep()
      if let by, by != .recorded { fields.refuse("revisions", without: "by: recorded") }
      if by == .verifier { fields.reading.needsVerifier(in: "minimal-revision", fields.place("by")) }
      switch by {
      case .verifier?: return MinimalRevision(by: .verifier, keep: keep)
      case .model?: return call.map { MinimalRevision(by: .model($0), keep: keep) }
      case .recorded?:
        fields.demand("revisions", with: "by: recorded", at: "by")
        return revisions.map { MinimalRevision(by: .recorded($0), keep: keep) }
      case .rewardModel?, nil: return nil
      }
    }
  }
}

extension Judge {
  fileprivate static var shape: Shape<Judge> {
    .record("judge") { fields in
      Assessor.read(&fields, in: "judge", Assessor.Kind.allCases).map { Judge(by: $0) }
    }
  }
}

extension Stronger {
  fileprivate static var shape: Shape<Stronger> {
    .record("stronger") { fields in
      let by = fields.optional(
        "by", Assessor.written([.verifier, .recorded]).refusingModel(in: "stronger"),
        "Says that the response is the right answer, or stands in the data.")
      let model = fields.optional("model", .modelName, "The stronger model.")
      let response = fields.optional("response", .template, "The response that stands in the data.")
      let decoding = Decoding.read(&fields, temperature: 0)
      let keep = fields.keep()
      guard by == nil else {
        for key in Decoding.keys { fields.refuse(key, without: "model: …") }
        if let place = fields.place("model"), fields.has("model") {
          fields.reading.note(.exactlyOne(of: ["by", "model"], in: "stronger", found: 2), place)
        }
        if by == .verifier {
          fields.refuse("response", without: "by: recorded")
          // What the verifier calls right stays in either case.
          fields.refuse("keep", without: "by: recorded` or `model: …")
          fields.reading.needsVerifier(in: "stronger", fields.place("by"))
          return Stronger(source: .verifier, keep: keep)
        }
        fields.demand("response", with: "by: recorded", at: "by")
        return response.map { Stronger(source: .recorded($0), keep: keep) }
      }
      // A `by` that cannot be read is told already; what it would have asked for is not known.
      if fields.has("by") { return nil }
      fields.refuse("response", without: "by: recorded")
      fields.demand("model")
      return model.map { Stronger(source: .model($0, decoding), keep: keep) }
    }
  }
}

extension JudgmentSource {
  fileprivate static var shape: Shape<JudgmentSource> {
    .record("judgment") { fields in
      let by = fields.required("by", Assessor.written([.verifier, .model, .recorded]), "Where judgments come from.")
      let wrong = fields.optional("wrong", .template, "The judgment of a wrong response; knows {reason}.")
      let right = fields.optional("right", .templateOrNull, "The judgment of a right response; null: acceptable.")
      let judgment = fields.optional("judgment", .template, "The judgment that stands in the data.")
      let acceptable = fields.optional(
        "acceptable", .nonEmptyText(), default: "perfect", "The reply that means acceptable.")
      let call = ModelCall.read(&fields, by: by, asking: .judgment(acceptable: acceptable))
      guard let by else { return nil }
      if by != .verifier { for key in ["wrong", "right"] { fields.refuse(key, without: "by: verifier") } }
      if by != .recorded { fields.refuse("judgment", without: "by: recorded") }
      switch by {
      case .verifier:
        fields.reading.needsVerifier(in: "judgment", fields.place("by"))
        fields.demand("wrong", with: "by: verifier", at: "by")
        return wrong.map { .verifier(wrong: $0, right: right ?? nil) }
      case .recorded:
        fields.demand("judgment", with: "by: recorded", at: "by")
        return judgment.map { .recorded($0) }
      case .model: return call.map { .model($0, acceptable: acceptable) }
      case .rewardModel: return nil
      }
    }
  }
}

extension Shape where Value == Template? {
  /// A template, or null for none.
  fileprivate static var templateOrNull: Shape<Template?> {
    let template = Shape<Template>.template
    return Shape(.either([template.form, .null])) { node, reading in
      if node.scalar?.value == .null { return .some(nil) }
      return template.read(node, reading).map { .some($0) }
    }
  }
}

extension Refinement {
  fileprivate static var shape: Shape<Refinement> {
    .record("refinement") { fields in
      let by = fields.optional(
        "by", Assessor.written([.recorded]).refusingModel(in: "refinement"), "Says that refinements stand in the data.")
      let model = fields.optional("model", .modelName, default: "policy", "The model that writes.")
      let prompt = fields.optional(
        "prompt", Prompt.shape, default: .refinement, "What it is asked; knows {response}, {judgment} and {asked}.")
      let decoding = Decoding.read(&fields, temperature: 0)
      let refinements = fields.optional(
        "refinements", .list(of: .template, atLeast: 1), "The refinement of each response that stands in the data.")
      let keep = fields.keep()
      guard by == nil else {
        for key in ["prompt"] + Decoding.keys { fields.refuse(key, without: "model: …") }
        if let place = fields.place("model"), fields.has("model") {
          fields.reading.note(.exactlyOne(of: ["by", "model"], in: "refinement", found: 2), place)
        }
        fields.demand("refinements", with: "by: recorded", at: "by")
        return refinements.map { Refinement(by: .recorded($0), keep: keep) }
      }
      fields.refuse("refinements", without: "by: recorded")
      return Refinement(by: .model(ModelCall(model: model, prompt: prompt, decoding: decoding)), keep: keep)
    }
  }
}

extension Hindsight {
  fileprivate static var shape: Shape<Hindsight> {
    .record("hindsight") { fields in
      let by = fields.optional(
        "by", Assessor.written([.verifier, .model, .recorded]), default: .verifier, "Who says what is right.")
      let judgment = fields.optional(
        "judgment", .template, "The judgment that stands in the data; a response without one is right.")
      let acceptable = fields.optional(
        "acceptable", .nonEmptyText(), default: "perfect", "The reply of a model that means right.")
      let call = ModelCall.read(&fields, by: by, asking: .judgment(acceptable: acceptable))
      let bind = fields.required("bind", .variableName, "The variable of the prompt that is bound.")
      let right = fields.required("right", .nonEmptyText(), "What it is bound to for a right response.")
      let wrong = fields.required("wrong", .nonEmptyText(), "What it is bound to for a wrong response.")
      if by != .recorded { fields.refuse("judgment", without: "by: recorded") }
      guard let source = Source.read(&fields, by, judgment, call, acceptable), let bind, let right, let wrong else {
        return nil
      }
      return Hindsight(by: source, bind: bind, right: right, wrong: wrong)
    }
  }
}

extension Hindsight.Source {
  fileprivate static func read(
    _ fields: inout Fields, _ by: Assessor.Written, _ judgment: Template?, _ call: ModelCall?, _ acceptable: String
  ) -> Hindsight.Source? {
    switch by {
    case .verifier:
      fields.reading.needsVerifier(in: "hindsight", fields.place("by"))
      return .verifier
    case .recorded:
      fields.demand("judgment", with: "by: recorded", at: "by")
      return judgment.map { .judgment(.recorded($0)) }
    case .model: return call.map { .judgment(.model($0, acceptable: acceptable)) }
    case .rewardModel: return nil
    }
  }
}

extension Selection {
  fileprivate static var shape: Shape<Selection> {
    .record("select") { fields in
      let acceptable = fields.optional(
        "acceptable-per-rejected", .number(.atLeast(0)), "The most acceptable responses for each rejected one.")
      let verdict = fields.optional("verdict", Shape<Verdict>.word, "Only responses with this verdict.")
      if verdict != nil { fields.reading.needsVerifier(in: "select", fields.place("verdict")) }
      let keys = ["acceptable-per-rejected", "verdict"]
      if !keys.contains(where: { fields.has($0) }), let place = fields.place("verdict"), !fields.reading.isPartial {
        fields.reading.note(.atLeastOne(of: keys, in: "select"), place)
      }
      return Selection(acceptablePerRejected: acceptable, verdict: verdict)
    }
  }
}

extension Flip {
  fileprivate static var shape: Shape<Flip> {
    .record("flip") { fields in
      fields.required("rate", .number(.within(0...1)), "The share of records to turn around.").map { Flip(rate: $0) }
    }
  }
}

extension Fields {
  /// Which pairs stay.
  fileprivate mutating func keep() -> KeptPairs {
    let keep = optional("keep", Shape<KeptPairs>.word, default: .all, "Which pairs stay.")
    if keep == .verdictRight { reading.needsVerifier(in: what, place("keep")) }
    return keep
  }
}
