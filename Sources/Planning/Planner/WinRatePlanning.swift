// The steps of a win rate: both models' responses to the same prompts, who says which is better, and what comes of it.

import Digests
import Specification

extension CellPlanner {
  /// What two models wrote, under the names of a comparison's inputs.
  private struct Contest {
    let part: DataPart
    let prompts: OutputReference
    let subject: EvalSubject
    /// The policy's responses, then the other's, each with the words for who wrote it.
    let responses: [(OutputReference, by: String)]

    var about: String { subject.about }
    /// As inputs of a step that reads all responses.
    var inputs: [StepInput] {
      [StepInput("prompts", prompts)] + responses.enumerated().map { StepInput("responses/\($0)", $1.0) }
    }
  }

  /// How often the policy's responses beat another model's.
  mutating func winRate(
    _ name: String, _ eval: WinRateEval, _ subject: EvalSubject, path: String
  ) throws -> [EvalFinding] {
    try each(eval.on, eval.results, of: path) { planner, part in
      let prompts = OutputReference(
        try planner.prompts(part, prompt: nil, promptPath: nil, variables: Named()), "prompts")
      return try planner.eachSeed(drawing: eval.decoding.temperature > 0) { planner in
        let responses = try ["policy", eval.against].map { model in
          let step = try planner.generate(
            part.label, prompts, model: model, policy: subject.policy, about: planner.about(model, subject), samples: 1,
            distinct: false, decoding: eval.decoding, path: path)
          return (OutputReference(step, "responses"), by: model)
        }
        let contest = Contest(part: part, prompts: prompts, subject: subject, responses: responses)
        let (basis, inputs) = try planner.decide(contest, by: eval.by, path: path)
        let step = planner.add(
          .winRate(WinRateWork(basis: basis)), "win rate \(part.label) against \(eval.against)\(subject.about)",
          inputs: inputs)
        return [EvalFinding(name, "win-rate", OutputReference(step, "outcomes"))]
      }
    }
  }

  private mutating func decide(
    _ contest: Contest, by assessor: Assessor, path: String
  ) throws -> (WinRateWork.Basis, [StepInput]) {
    switch assessor {
    case .verifier: return (.verdicts, try verdicts(contest))
    case .rewardModel(let model): return (.rewards, try rewards(contest, by: model))
    case .model(let call): return (.replies, try replies(contest, by: call, path: path))
    case .recorded: fatalError("the reader lets nobody record who wins: our own bug")
    }
  }

  private mutating func verdicts(_ contest: Contest) throws -> [StepInput] {
    guard let answer = contest.part.dataset.answer else { fatalError("the reader asks for a verifier: our own bug") }
    let paths = shared("verify \(contest.part.name)") { $0.verifierPaths(of: contest.part) }
    return zip(["policy", "against"], contest.responses).map { input, responses in
      let by = responses.by == "policy" ? "" : " by \(responses.by)"
      let step = add(
        .verify(VerifyWork(verifier: answer.verifier)),
        "verify \(contest.part.label)\(by)\(about(responses.by, contest.subject))",
        inputs: [StepInput("prompts", contest.prompts), StepInput("responses", responses.0)], at: paths)
      return StepInput(input, OutputReference(step, "outcomes"))
    }
  }

  private mutating func rewards(_ contest: Contest, by model: String) throws -> [StepInput] {
    try zip(["policy", "against"], contest.responses).map { input, responses in
      let of = responses.by == "policy" ? "" : " of \(responses.by)"
      let step = try score(
        "responses\(of) to \(contest.part.label) by \(model)\(about(responses.by, contest.subject))", contest.prompts,
        .responses, model: model, policy: contest.subject.policy, rewards: true,
        and: [StepInput("responses", responses.0)])
      return StepInput(input, OutputReference(step, "scores"))
    }
  }

  /// A model is asked twice about each prompt, with the responses in both orders, since models prefer places.
  private mutating func replies(_ contest: Contest, by call: ModelCall, path: String) throws -> [StepInput] {
    var inputs = contest.inputs
    let question =
      call.prompt.shots == nil
      ? ask(
        AskWork(prompt: call.prompt, variables: experiment.variables, compares: true), at: "\(path)/prompt",
        "compare responses to \(contest.part.label)\(contest.about)", inputs, of: contest.part)
      : unavailable(
        .ask, "a comparison by a model, with examples in its prompt\(contest.about)", path: "\(path)/prompt",
        inputs: inputs)
    let replies = try generate(
      "replies about \(contest.part.label)", OutputReference(question, "prompts"), model: call.model,
      policy: contest.subject.policy, about: contest.about, samples: 1, distinct: false, decoding: call.decoding,
      path: "\(path)/by")
    inputs.append(StepInput("replies", OutputReference(replies, "responses")))
    return inputs
  }
}
