// The objectives that read judgments, rankings, relabeled outputs and scores, and random examples for them.
// Knows nothing of formulas.

import Objectives
import Testing

/// An objective under test with the kind of example that it reads.
struct Further: CustomTestStringConvertible, Sendable {
  enum Kind: Sendable { case judged, ranking, output, comparison }

  let testDescription: String
  let objective: any DoubleObjective
  let kind: Kind

  init(_ name: String, _ objective: any DoubleObjective, _ kind: Kind) {
    testDescription = name
    self.objective = objective
    self.kind = kind
  }

  static let all = cut + rankings + others

  private static let cut: [Further] = {
    typealias Part = ContrastiveUnlikelihood.Part
    let omitted: [(String, Set<Part>)] = [
      ("", []), (" - detection", [.detection]), (" - align-p", [.alignP]), (" - align-n", [.alignN]),
      (" - misalign", [.misalign]), (" - weighting", [.weighting]), (" - two", [.alignN, .detection]),
    ]
    return omitted.flatMap { name, parts in
      [
        Further(
          "cut, v4" + name,
          ContrastiveUnlikelihood(form: .paper, lambda: 1.1, alpha: 0.5, gamma: 0.5, without: parts), .judged),
        Further(
          "cut, v1" + name, ContrastiveUnlikelihood(form: .paper, lambda: 1.2, alpha: 1, without: parts), .judged),
        Further(
          "cut, code" + name, ContrastiveUnlikelihood(form: .code, lambda: 1.1, alpha: 0.25, without: parts), .judged),
      ]
    }
  }()

  private static let rankings: [Further] = [
    Further("rrhf", RankResponses(), .ranking),
    Further("rrhf, light", RankResponses(likelihoodWeight: 0.1), .ranking),
    Further("pro", PreferenceRanking(), .ranking),
    Further("pro, no floor", PreferenceRanking(likelihoodWeight: 0, floor: 0), .ranking),
    Further("clha", ContrastiveRanking(gate: 0), .ranking),
    Further("clha, no gate", ContrastiveRanking(margin: 0.5, gap: 0, gate: nil), .ranking),
    Further("clha, no likelihood", ContrastiveRanking(margin: 0, gap: 1, likelihoodWeight: 0, gate: 0), .ranking),
  ]

  private static let others: [Further] = [
    Further("forward-prediction", ForwardPrediction(), .judged),
    Further("forward-prediction, light", ForwardPrediction(weight: 0.3), .judged),
    Further("hir, code", HindsightRelabeling(form: .code), .output),
    Further("hir, code, plain", HindsightRelabeling(form: .code, labelSmoothing: 0, entropy: 0.5), .output),
    Further("hir, paper", HindsightRelabeling(form: .paper), .output),
    Further(
      "hir, paper, likelihood", HindsightRelabeling(form: .paper, labelSmoothing: 0.5, contrast: 0, entropy: 0),
      .output),
    Further("bradley-terry", BradleyTerry(), .comparison),
  ]

  /// A batch of examples that it reads, or some of which it leaves.
  ///
  /// `token` gives each log-probability; an entropy is its negative, a score itself.
  func batch(_ draw: inout Draw, fewest: Int = 1, token: (inout Draw) -> Float) -> [ObjectiveExample] {
    let size = draw.whole(1...3)
    return (0..<size).map { _ in
      switch kind {
      case .judged:
        let acceptable = draw.whole(0...2) == 0
        return .judged(response(&draw, fewest, contexts: acceptable ? 0 : 1, token), acceptable: acceptable)
      case .ranking: return ranking(&draw, fewest, token)
      case .output:
        let paper = (objective as? HindsightRelabeling)?.form == .paper
        return .response(response(&draw, fewest, contexts: paper ? size - 1 : 1, token))
      case .comparison:
        let pair = [response(&draw, fewest, contexts: 0, token), response(&draw, fewest, contexts: 0, token)]
        return draw.whole(0...1) == 0 ? .pair(chosen: pair[0], rejected: pair[1]) : ranking(&draw, fewest, token)
      }
    }
  }

  private func response(
    _ draw: inout Draw, _ fewest: Int, contexts: Int, _ token: (inout Draw) -> Float
  ) -> ScoredResponse {
    let count = draw.whole(fewest...6)
    func tokens(_ draw: inout Draw, _ count: Int) -> [Float] { (0..<count).map { _ in token(&draw) } }
    return ScoredResponse(
      policy: tokens(&draw, count), vocabularyMeans: tokens(&draw, count),
      otherContexts: (0..<contexts).map { _ in tokens(&draw, count) },
      continuation: tokens(&draw, draw.whole(0...4)), entropies: tokens(&draw, count).map { -$0 }, score: token(&draw))
  }

  private func ranking(_ draw: inout Draw, _ fewest: Int, _ token: (inout Draw) -> Float) -> ObjectiveExample {
    let responses = (0..<draw.whole(1...4)).map { _ in response(&draw, fewest, contexts: 0, token) }
    let equal = draw.whole(0...5) == 0
    return .ranking(
      responses, rewards: responses.map { _ in equal ? 1.5 : draw.number(-4...5) }.sorted(by: >))
  }
}

extension ResponseGradient {
  /// Every number of it.
  var all: [Double] {
    tokens + vocabularyMeans + otherContexts.flatMap { $0 } + continuation + entropies + [score]
  }
}

extension ExampleLoss {
  func metric(_ name: String) -> Double? { metrics.first { $0.name == name }?.value }
}
