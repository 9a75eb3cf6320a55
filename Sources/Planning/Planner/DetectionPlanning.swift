// The steps of the eval that asks how well a judgment tells a response's errors: CUT's detection, held against the truth.
// Knows nothing of tables.

import Digests
import Specification

extension CellPlanner {
  /// How well the detection ratio tells tokens inside of errors from the others: over all tokens, and within responses.
  mutating func errorDetection(
    _ name: String, _ eval: ErrorDetectionEval, _ part: DataPart, _ subject: EvalSubject, path: String
  ) throws -> [EvalFinding] {
    let (feedback, errors) = try marked(part, eval, path: path)
    let judged = try inContext(
      feedback, of: part, .judgedPrompt, eval.judgedPrompt, at: "\(path)/judged-prompt",
      asking: "judgments of errors in prompts of \(part.label)", "errors in context of")
    let about = about(eval.model, subject)
    let model = try model(eval.model, policy: subject.policy)
    let scores = add(
      .score(ScoreWork(model: model.use, target: .contexts)), "score errors of \(part.label)\(about)",
      inputs: [StepInput("examples", judged)] + model.inputs, at: modelPaths(eval.model))
    let step = add(
      .detect(DetectWork(model: model.bare.use)), "detect errors of \(part.label)\(about)",
      inputs: [
        StepInput("feedback", judged), StepInput("errors", errors),
        StepInput("scores", OutputReference(scores, "scores")),
      ] + model.bare.inputs, at: modelPaths(eval.model))
    return [
      EvalFinding(name, "error-detection", OutputReference(step, "outcomes")),
      EvalFinding("\(name) within", "error-detection-within", OutputReference(step, "within")),
    ]
  }

  /// Judged responses whose errors are known, and where those stand.
  private mutating func marked(
    _ part: DataPart, _ eval: ErrorDetectionEval, path: String
  ) throws -> (feedback: OutputReference, errors: OutputReference) {
    let prompts = try prompts(part, prompt: nil, promptPath: nil, variables: Named())
    let work = MarkWork(
      response: eval.response, errors: eval.errors, error: eval.error, judgment: eval.judgment)
    var paths: [String: String] = [:]
    for leaf in ["response", "error", "judgment"] { paths[leaf] = "\(path)/\(leaf)" }
    for leaf in work.options.leaves where leaf.name.hasPrefix("errors/") {
      let tag = if case .recorded = eval.errors { "recorded" } else { "planted" }
      paths[leaf.name] = leaf.name.replacingPrefix("errors", with: "\(path)/errors/\(tag)")
    }
    paths["errors"] = "\(path)/errors"
    let step = add(
      .mark(work), "errors of \(part.label)",
      inputs: [StepInput("prompts", OutputReference(prompts, "prompts")), StepInput("records", part.records)],
      at: paths)
    return (OutputReference(step, "feedback"), OutputReference(step, "errors"))
  }
}
