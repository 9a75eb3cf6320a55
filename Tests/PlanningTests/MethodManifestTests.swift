// The preimages of the keys of what methods ask for: stages of feedback, objectives, rounds, rewards. As in GoldenManifests.

import Planning
import Testing

@Suite struct MethodManifests {
  /// Kinds of steps that only some experiments have.
  @Test(arguments: [
    ("take", "rounds: {count: 2, records: 30}", "{accuracy: {on: counting/heldout, max-new-tokens: 16}}"),
    ("reward", "", "{reward: {model: policy, on: counting/heldout, max-new-tokens: 16}}"),
    ("win-rate", "", "{win-rate: {on: counting/heldout, against: other, by: verifier}}"),
  ])
  func kind(kind: String, extra: String, eval: String) throws {
    let models = "other: {weights: {same-as: policy}, turns: raw}"
    let spec = Specs.training(models: models, evals: "measured: \(eval)", extra: extra)
    try GoldenManifests.check({ $0.kind.rawValue == kind }, in: spec, golden: "\(kind).txt")
  }

  private static let judgedPrompt = #"judged-prompt: "{question} {judgment}""#

  /// What the stages become that judge in words or rank.
  @Test(arguments: [
    ("judgment", "[{judgment: {by: verifier, wrong: No.}}]", "{cut: {form: paper-v1, \(judgedPrompt)}}"),
    (
      "balance", "[{judgment: {by: verifier, wrong: No.}}, {select: {acceptable-per-rejected: 0.5}}]",
      "{cut: {form: paper-v1, \(judgedPrompt)}}"
    ),
    ("hindsight", "[{hindsight: {by: verifier, bind: i, right: Right., wrong: Wrong.}}]", "{hir: {form: code}}"),
    ("rescore", "[{rescore: {by: {reward-model: policy}}}]", "{rrhf: {}}"),
    ("flip", "[{rescore: {by: {reward-model: policy}}}, {flip: {rate: 0.2}}]", "{clha: {}}"),
  ])
  func stage(stage: String, reviser: String, objective: String) throws {
    let spec = Specs.training(reviser: reviser, objective: objective, extra: "variables: {i: Right.}")
      .replacing("\"{question} Answer", with: "\"{i} {question} Answer")
    try GoldenManifests.check(
      { $0.kind == .revise && $0.label.hasPrefix(stage) }, in: spec, golden: "revise-method-\(stage).txt")
  }

  /// What the trainings of the methods become.
  @Test(arguments: [
    ("cut", "{cut: {form: paper-v4, \(judgedPrompt)}}", "[{judgment: {by: verifier, wrong: No.}}]"),
    (
      "cut-code", "{cut: {form: code, without: [align-p], \(judgedPrompt)}}", "[{judgment: {by: verifier, wrong: No.}}]"
    ),
    ("forward-prediction", "{forward-prediction: {}}", "[{judgment: {by: verifier, wrong: No.}}]"),
    ("rrhf", "{rrhf: {}}", "[{rescore: {by: {reward-model: policy}}}]"),
    ("pro", "{pro: {}}", "[{rescore: {by: {reward-model: policy}}}]"),
    ("clha", "{clha: {margin: 1, gap: 0.5}}", "[{rescore: {by: {reward-model: policy}}}]"),
    ("bradley-terry", "bradley-terry", "[{rescore: {by: {reward-model: policy}}}]"),
    (
      "hir", "{hir: {form: paper, contrast: 0.5, entropy: 0.001, label-smoothing: 0.1}}",
      "[{hindsight: {by: verifier, bind: i, right: Right., wrong: Wrong.}}]"
    ),
  ])
  func training(name: String, objective: String, reviser: String) throws {
    let spec = Specs.training(reviser: reviser, objective: objective, extra: "variables: {i: Right.}")
      .replacing("\"{question} Answer", with: "\"{i} {question} Answer")
    try GoldenManifests.check({ $0.kind == .train }, in: spec, golden: "train-method-\(name).txt")
  }
}
