// A spec's objectives as the engine's functions: each option arrives.

import Objectives
import Specification
import Steps
import Testing

@Suite struct ObjectiveMappings {
  /// A stage whose feedback each objective reads.
  private static let stages = [
    "cut": "judgment: {by: verifier, wrong: No.}", "forward-prediction": "judgment: {by: verifier, wrong: No.}",
    "rrhf": "rescore: {by: verifier}", "pro": "rescore: {by: verifier}", "clha": "rescore: {by: verifier}",
    "hir": "hindsight: {bind: instruction, right: a, wrong: b}", "bradley-terry": "ranked: {by: recorded}",
  ]

  /// An objective of a spec as the engine's function, in Swift's own words for a value.
  private func function(_ objective: String) throws -> String {
    let name = try #require(Self.stages.keys.first { objective.hasPrefix($0) || objective.hasPrefix("{\($0):") })
    let spec = SmallSpec(extra: [
      "variables: {instruction: x}", "data: data/train", "generator: {recorded: {responses: [\"{answer}\", \"no\"]}}",
      "reviser: [{\(try #require(Self.stages[name]))}]", "objective: \(objective)",
      "hyperparameters: {adapter: full, optimizer: {adamw: {learning-rate: 1.0e-3}}, batch: {examples: 2}, epochs: 1}",
    ])
    let read = try SpecificationReader(files: TextFiles(texts: ["test.yaml": spec.text])).read("test.yaml")
    return "\(try #require(read.cells[0].experiment.training).objective.function)"
  }

  @Test func contrastiveUnlikelihoodHasItsFormAndParts() throws {
    func cut(_ form: CUTOptions.Form, _ gamma: Double?, _ without: [CUTOptions.Part] = []) throws -> String {
      let text = without.map(\.rawValue).joined(separator: ", ")
      let exponent = gamma.map { ", gamma: \($0)" } ?? ""
      let weights = "lambda: 1.2, alpha: 0.5\(exponent)"
      return try function(
        "{cut: {form: \(form.rawValue), \(weights), judged-prompt: \"{judgment}\", without: [\(text)]}}")
    }
    func engine(
      _ form: ContrastiveUnlikelihood.Form, _ gamma: Double?, _ without: Set<ContrastiveUnlikelihood.Part> = []
    ) -> String {
      "\(ContrastiveUnlikelihood(form: form, lambda: 1.2, alpha: 0.5, gamma: gamma, without: without))"
    }
    #expect(try cut(.paperV4, 0.5) == engine(.paper, 0.5))
    #expect(try cut(.paperV4, nil) == engine(.paper, 1))
    #expect(try cut(.paperV1, nil) == engine(.paper, nil))
    #expect(try cut(.code, nil) == engine(.code, nil))
    #expect(try cut(.code, nil, [.detection]) == engine(.code, nil, [.detection]))
    #expect(try cut(.code, nil, [.alignP]) == engine(.code, nil, [.alignP]))
    #expect(try cut(.code, nil, [.alignN]) == engine(.code, nil, [.alignN]))
    #expect(try cut(.code, nil, [.misalign]) == engine(.code, nil, [.misalign]))
    #expect(try cut(.paperV4, 2, [.weighting]) == engine(.paper, nil, [.weighting]))
  }

  @Test func theOthersHaveTheirOptions() throws {
    let cases: [(String, any ObjectiveFunction)] = [
      ("{forward-prediction: {judgment-prompt: x, weight: 0.5}}", ForwardPrediction(weight: 0.5)),
      ("rrhf", RankResponses(likelihoodWeight: 1)), ("{rrhf: {sft-weight: 2}}", RankResponses(likelihoodWeight: 2)),
      ("pro", PreferenceRanking(likelihoodWeight: 0.05)),
      ("clha", ContrastiveRanking(margin: 3, gap: 3, likelihoodWeight: 0.05, gate: nil)),
      (
        "{clha: {margin: 1, gap: 2, sft-weight: 0.1, gate: 0}}",
        ContrastiveRanking(margin: 1, gap: 2, likelihoodWeight: 0.1, gate: 0)
      ),
      ("{hir: {form: code}}", HindsightRelabeling(form: .code)),
      (
        "{hir: {form: paper, label-smoothing: 0, contrast: 0.5, entropy: 0.1}}",
        HindsightRelabeling(form: .paper, labelSmoothing: 0, contrast: 0.5, entropy: 0.1)
      ),
      ("bradley-terry", BradleyTerry()),
    ]
    for (text, expected) in cases { #expect(try function(text) == "\(expected)", "\(text)") }
  }
}
