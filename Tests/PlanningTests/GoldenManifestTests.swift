// The preimage of each kind's key, as files. A test fails when one changes: raise the kind's version, or give a new leaf
// a default that is left out.

import Digests
import Foundation
import Planning
import Testing

@Suite struct GoldenManifests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
    "Golden")

  /// The labels of one step of each kind.
  @Test(arguments: [
    "fetch task.json", "ingest counting", "ingest quiz", "split counting", "split quiz", "render counting/heldout",
    "render quiz/heldout", "generate counting/heldout, T 0.5, seed 1, 2 samples", "score quiz/heldout",
    "score counting/heldout", "verify counting/heldout", "choice quiz/heldout", "perplexity counting/heldout",
    "table of test",
  ])
  func manifest(label: String) throws {
    try check(label, in: Specs.evaluating())
  }

  /// Constraints that came later have no leaf where they are not asked for.
  @Test(arguments: [
    ("first", "min-words: 1, max-words: 9, starts-with: a, json: true"),
    (
      "all",
      "min-words: 1, max-words: 9, min-lines: 1, max-lines: 2, min-characters: 3, max-characters: 80, starts-with: a, "
        + "ends-with: b, case: lower, keywords: [c, d e], forbidden: [f], json: true"
    ),
  ])
  func format(golden: String, constraints: String) throws {
    let spec = Specs.evaluating().replacing("verifier: number", with: "verifier: {format: {\(constraints)}}")
    try check("verify counting/heldout", in: spec, golden: "verify-format-\(golden).txt")
  }

  @Test func recordedManifest() throws {
    let extra = "data: counting/train\ngenerator: {recorded: {responses: [\"{answer}\", \"no\"]}}"
    try check("recorded counting/train", in: Specs.evaluating(extra: extra))
  }

  /// What the stages of a reviser become: the golden file, the stage, what else the spec has, and the step's label.
  @Test(arguments: [
    ("revise-plain", "", "take counting/train as it is"),
    ("revise-minimal-revision", "[{minimal-revision: {by: verifier}}]", "minimal-revision counting/train"),
    ("ask", "[\(byModel)]", "ask about counting/train"),
    ("revise-revision", "[\(byModel)]", "minimal-revision counting/train"),
    (
      "revise-revision-recorded", "[{minimal-revision: {by: recorded, revisions: [\"{a}\"], keep: verdict-right}}]",
      "minimal-revision counting/train"
    ),
    ("revise-judge", "[{judge: {by: verifier}}]", "judge counting/train"),
    ("revise-judge-recorded", "[{judge: {by: recorded, scores: [\"{a}\", \"{b}\"]}}]", "judge counting/train"),
    ("revise-judge-replies", "[{judge: {by: {model: policy}, prompt: \"{response}?\"}}]", "judge counting/train"),
    ("revise-stronger", "[{stronger: {model: policy, keep: verdict-right}}]", "stronger counting/train"),
    ("revise-stronger-answer", "[{stronger: {by: verifier}}]", "stronger counting/train"),
    ("revise-select", "[{judge: {by: verifier}}, {select: {verdict: right}}]", "select counting/train"),
  ])
  func stage(golden: String, reviser: String, label: String) throws {
    try check(label, in: Specs.training(reviser: reviser, objective: "{sft: {}}"), golden: golden + ".txt")
  }

  private static let byModel =
    "{minimal-revision: {by: {model: policy}, keep: verdict-right, prompt: \"{question} {response}\"}}"

  @Test(arguments: [
    ("sft", "{sft: {label-smoothing: 0.1}}", "{constant: {warmup: {steps: 1}}}"),
    ("dpo", "{dpo: {beta: 0.1}}", "{linear: {warmup: {fraction: 0.1}, floor: 0.1}}"),
    ("kto", "{kto: {beta: 0.1}}", "cosine"), ("apo-zero", "{apo-zero: {beta: 0.1}}", "constant"),
    ("apo-down", "{apo-down: {beta: 0.1}}", "constant"),
    ("apo-zero-unpaired", "{apo-zero-unpaired: {beta: 0.1}}", "constant"),
  ])
  func training(name: String, objective: String, schedule: String) throws {
    let spec = Specs.training(objective: objective, hyperparameters: "schedule: \(schedule)")
    try check("train \(name), seed 2", in: spec)
  }

  @Test func fullTrainingManifest() throws {
    let spec = Specs.training(hyperparameters: "clip: 1.0").replacing("{lora: {rank: 4, alpha: 8}}", with: "full")
    try check("train dpo, seed 1", in: spec, golden: "train-full.txt")
  }

  @Test func dropoutManifest() throws {
    let spec = Specs.training().replacing("alpha: 8", with: "alpha: 8, dropout: 0.1")
    try check("train dpo, seed 1", in: spec, golden: "train-dropout.txt")
  }

  @Test(arguments: [
    "rotated partners of counting/train, seed 2", "train kto, seed 2",
    "score rotated partners of counting/train by the reference, seed 2",
  ])
  func rotation(label: String) throws {
    let spec = Specs.training(objective: "{kto: {beta: 0.1, partner: rotation}}")
    try check(label, in: spec, golden: "rotation " + label)
  }

  /// What an eval of error detection becomes, with errors from the data and with planted ones.
  @Test(arguments: [
    ("mark-recorded", "{recorded: {at: [feedback, errors], end: stop}}", "errors of counting/heldout"),
    ("mark-planted", "{planted: {words: 2}}", "errors of counting/heldout"),
    ("score-contexts", "planted", "score errors of counting/heldout, after dpo, seed 1"),
    ("detect", "planted", "detect errors of counting/heldout, after dpo, seed 1"),
  ])
  func detection(golden: String, errors: String, label: String) throws {
    let evals =
      "detection: {error-detection: {on: counting/heldout, response: \"{answer}\", errors: \(errors), judgment: \"No: {errors}\", judged-prompt: \"{question} {judgment}\"}}"
    try check(label, in: Specs.training(evals: evals), golden: golden + ".txt")
  }

  @Test func adaptManifest() throws {
    let outside =
      "outside: {weights: {adapter: {base: policy, config: {sha256: \(Specs.digest), from: [{path: c.json}]}, weights: {sha256: \(Specs.digest), from: [{path: w.safetensors}]}}}}"
    let evals = "accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16, model: outside}}"
    try check("adapt w.safetensors", in: Specs.training(models: outside, evals: evals), golden: "adapt.txt")
  }

  /// The steps around a training and those that compare models.
  @Test(arguments: [
    "examples of counting/train", "partners of counting/train, seed 2",
    "score examples of counting/train by the reference", "score partners of counting/train by the reference, seed 2",
    "choose the best by dev, after kto, seed 1", "train kto, seed 1",
    "generate counting/heldout, greedy, after kto, seed 1",
    "score examples of counting/heldout, after kto, seed 1", "preference counting/heldout, after kto, seed 1",
    "score responses to counting/heldout by itself, after kto, seed 1", "drift counting/heldout, after kto, seed 1",
    "pair-statistics counting/train", "likelihood-trace on examples of counting/train, after kto, seed 1",
  ])
  func comparison(label: String) throws {
    let spec = Specs.training(
      objective: "{kto: {beta: 0.1}}", hyperparameters: "keep: {best: {eval: dev, every: {epochs: 1}}}",
      evals: """
        accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16}}
          dev: {accuracy: {on: counting/validation, max-new-tokens: 16}}
          agreement: {preference: {on: counting/heldout, score: sum}}
          drift: {drift: {on: counting/heldout, max-new-tokens: 16}}
          overlap: {pair-statistics: {}}
          trace: {likelihood-trace: {every: {epochs: 0.5}}}
        """
    ).replacing("{heldout: 30,", with: "{heldout: 30, validation: 10,")
    try check(label, in: spec, golden: "kto " + label)
  }

  /// What chooses among candidates, and what takes the chosen one's.
  @Test(arguments: [
    "choose by accuracy on counting/validation, after dpo", "select weights after dpo, seed 1",
    "select trace chosen, after dpo, seed 1",
  ])
  func search(label: String) throws {
    let spec = Specs.training(
      evals:
        "accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16}}\n  trace: {likelihood-trace: {every: {epochs: 1}}}",
      extra: "search: {over: {objective.dpo.beta: [0.1, 0.5]}, choose: {highest: accuracy, on: counting/validation}}"
    ).replacing("{heldout: 30,", with: "{heldout: 30, validation: 10,")
    try check(label, in: spec)
  }

  private func check(_ label: String, in spec: String, golden: String? = nil) throws {
    let name =
      golden?.hasSuffix(".txt") == true
      ? golden ?? "" : (golden ?? label).map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined() + ".txt"
    try Self.check({ $0.label == label }, in: spec, golden: name)
  }

  /// Holds the manifest of the first such step, and its recipe if it has one, against a golden file.
  static func check(_ isMeant: (Step) -> Bool, in spec: String, golden name: String) throws {
    let (graph, _) = try Specs.graph(spec)
    let found = graph.steps.first(where: isMeant)
    let step = try #require(found, "\(graph.steps.map(\.label))")
    var contents: [String: Digest] = [:]
    for input in step.inputs { contents[input.name] = .sha256("content of \(input.name)") }
    var text = String(decoding: step.manifest(contents: contents).bytes, as: UTF8.self)
    if let recipe = step.recipe(contents: contents) { text += "\n" + String(decoding: recipe.bytes, as: UTF8.self) }
    try expect(text, golden: name)
  }

  private static func expect(_ text: String, golden name: String) throws {
    let file = folder.appendingPathComponent(name)
    let golden = try? String(contentsOf: file, encoding: .utf8)
    if golden == text { return }
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
      Issue.record("recorded \(name); read it, then run without RECORD_GOLDENS")
    } else {
      Issue.record("\(name) is not what the step's manifest is now:\n\(text)")
    }
  }
}
