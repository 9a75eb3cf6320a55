// Trainings by objectives that read more than responses behind their prompts: judged prompts, contrasts, continuations,
// rankings.

import LanguageModel
import Objectives
import Training

/// What is read beside the responses of an example.
enum Beside: Sendable {
  case nothing
  /// Two thirds of the responses are bad, and are also read behind a judged prompt.
  case judgedPrompt
  /// Every response is judged, and all but a third have a judgment to learn behind them.
  case continuation
  /// Every response is also read behind a contrasting prompt.
  case contrast
  /// The two responses have rewards.
  case rewards

  func added(to example: TrainingExample, number: Int) -> TrainingExample {
    var first = TrainingResponse(request: example.responses[0].request)
    let isGood = number % 3 == 0
    switch self {
    case .nothing: return example
    case .judgedPrompt:
      if !isGood { first.otherContexts = [Self.behind([7, 8, 9, number], first.request)] }
      return TrainingExample(.judged(acceptable: isGood), responses: [first])
    case .continuation:
      let tokens = first.request.tokens
      let judgment = [4, 2, number].map { TokenID($0) }
      if !isGood { first.continuation = ScoreRequest(tokens: tokens + judgment, from: tokens.count) }
      return TrainingExample(.judged(acceptable: isGood), responses: [first])
    case .contrast:
      first.otherContexts = [Self.behind([3, 1, number], first.request)]
      return TrainingExample(.none, responses: [first])
    case .rewards:
      let responses = example.responses.map { TrainingResponse(request: $0.request) }
      return TrainingExample(.ranking(rewards: [2 + Double(number), -1]), responses: responses)
    }
  }

  /// The tokens of a response behind another prompt.
  private static func behind(_ prompt: [Int], _ request: ScoreRequest) -> ScoreRequest {
    ScoreRequest(tokens: prompt.map { TokenID($0) } + request.tokens[request.from...], from: prompt.count)
  }
}

extension TrainerCase {
  /// One training by each such objective.
  ///
  /// CUT is without its dynamic weight, a constant through which no gradient goes, so that its gradient is its loss's.
  static func methods(_ part: TrainedPart) -> [TrainerCase] {
    let objectives: [(String, any ObjectiveFunction, Beside)] = [
      ("CUT, paper", ContrastiveUnlikelihood(form: .paper, lambda: 1.1, alpha: 0.5), .judgedPrompt),
      ("CUT, code", ContrastiveUnlikelihood(form: .code, lambda: 1.1, alpha: 1), .judgedPrompt),
      ("forward prediction", ForwardPrediction(weight: 0.7), .continuation),
      (
        "HIR", HindsightRelabeling(form: .code, labelSmoothing: 0.2, contrast: 1, entropy: 0.1), .contrast
      ),
      ("RRHF", RankResponses(), .rewards),
      ("PRO", PreferenceRanking(), .rewards),
      ("CLHA", ContrastiveRanking(margin: 1, gap: 1, likelihoodWeight: 0.05, gate: 0), .rewards),
    ]
    let name =
      switch part {
      case .full: "full"
      case .lowRank(let rank): rank.dropout > 0 ? "low-rank with dropout" : "low-rank"
      }
    return objectives.map { objective, function, beside in
      TrainerCase(
        name: "\(objective), \(name)", part: part, objective: function, feedback: beside == .rewards ? .pair : .none,
        beside: beside)
    }
  }
}
