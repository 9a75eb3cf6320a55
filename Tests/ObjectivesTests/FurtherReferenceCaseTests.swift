// The objectives of judgments, rankings, outputs and scores against independent implementations: thousands of random
// batches with extreme values, every element of every gradient. The values come from
// Tests/References/further_objectives.py, and from padded_objectives.py what a trainer computes that pads its batches.

import Foundation
import JSON
import Objectives
import Testing

struct FurtherReferenceCaseTests {
  static let batches = [
    ("cut", 2_000), ("forward-prediction", 1_000), ("rrhf", 1_000), ("pro", 1_000), ("clha", 1_000), ("hir", 1_400),
    ("bradley-terry", 1_000),
  ]

  private static let file = Result { try GoldenCases.read("further-cases.json") }
  private static let padded = Result { try GoldenCases.read("padded-further-cases.json") }

  @Test(arguments: batches) func equalsTheReference(name: String, count: Int) throws {
    try compare(name, in: try Self.file.get(), batches: count)
  }

  // A score is no sequence, so nothing of it can be padded.
  @Test(arguments: batches.map(\.0).filter { $0 != "bradley-terry" }) func equalsAPaddedBatch(name: String) throws {
    try compare(name, in: try Self.padded.get(), batches: 200)
  }

  private func compare(_ name: String, in file: JSONValue, batches count: Int) throws {
    let unit = try #require(file["unit"]?.doubleValue)
    var (batches, elements, faults) = (0, 0, [String]())
    for case let (index, value) in try file.list("cases").enumerated() where value["objective"]?.stringValue == name {
      let objective = try Self.objective(name, try #require(value["options"]))
      let examples = try value.list("examples").map { try Self.example($0, unit: unit) }
      let facts = objective.facts(of: examples)
      let results = examples.map { objective.loss(of: $0, in: facts) }
      var pairs = [(results.reduce(0) { $0 + $1.loss }, try #require(value["loss"]?.doubleValue), "loss")]
      for (number, expected) in try value.list("examples").enumerated() {
        for (place, gradient) in results[number].gradients.enumerated() {
          let expected = try expected.list("gradients")
          let known = place < expected.count ? expected[place] : .null
          pairs += try Self.elements(of: gradient, known, "example \(number), response \(place)")
        }
      }
      for (found, expected, place) in pairs where !(abs(found - expected) <= 1e-12 + 1e-9 * abs(expected)) {
        faults.append("case \(index), \(place): \(found), not \(expected)")
      }
      batches += 1
      elements += pairs.count
    }
    #expect(faults.isEmpty, "\(faults.count) differ, first: \(faults.prefix(5).joined(separator: "; "))")
    #expect(batches == count)
    #expect(elements > 3 * count)
  }

  /// Every element of a response's gradient beside the reference's; what one of them lacks is 0.
  private static func elements(
    of gradient: ResponseGradient, _ expected: JSONValue, _ place: String
  ) throws -> [(Double, Double, String)] {
    func beside(_ found: [Double], _ value: JSONValue?, _ name: String) throws -> [(Double, Double, String)] {
      let values = value?.arrayValue?.compactMap(\.doubleValue)
      let count = values?.count ?? found.count
      #expect(found.isEmpty || found.count == count, "\(place), \(name)")
      return (0..<max(count, found.count)).map { index in
        (
          index < found.count ? found[index] : 0, values?[index] ?? value?.doubleValue ?? 0,
          "\(place), \(name) \(index)"
        )
      }
    }
    let contexts = expected["o"]?.arrayValue ?? []
    #expect(gradient.otherContexts.isEmpty || gradient.otherContexts.count == contexts.count, "\(place)")
    return try beside(gradient.tokens, expected["p"], "token")
      + beside(gradient.continuation, expected["c"], "continuation")
      + beside(gradient.vocabularyMeans, expected["m"], "mean") + beside(gradient.entropies, expected["h"], "entropy")
      + contexts.enumerated().flatMap { index, value in
        try beside(index < gradient.otherContexts.count ? gradient.otherContexts[index] : [], value, "context \(index)")
      } + [(gradient.score, expected["s"]?.doubleValue ?? 0, "\(place), score")]
  }

  private static func objective(_ name: String, _ options: JSONValue) throws -> any ObjectiveFunction {
    func number(_ name: String) throws -> Double { try #require(options[name]?.doubleValue) }
    switch name {
    case "cut": return try cut(options)
    case "forward-prediction": return ForwardPrediction(weight: try number("weight"))
    case "rrhf": return RankResponses(likelihoodWeight: try number("sftWeight"))
    case "pro": return PreferenceRanking(likelihoodWeight: try number("sftWeight"), floor: try number("floor"))
    case "clha":
      return ContrastiveRanking(
        margin: try number("margin"), gap: try number("gap"), likelihoodWeight: try number("sftWeight"),
        gate: options["gate"]?.doubleValue)
    case "hir":
      return HindsightRelabeling(
        form: options["form"]?.stringValue == "code" ? .code : .paper, labelSmoothing: try number("labelSmoothing"),
        contrast: try number("contrast"), entropy: try number("entropy"))
    default:
      try #require(name == "bradley-terry")
      return BradleyTerry()
    }
  }

  private static func cut(_ options: JSONValue) throws -> ContrastiveUnlikelihood {
    let parts: [String: ContrastiveUnlikelihood.Part] = [
      "detection": .detection, "align-p": .alignP, "align-n": .alignN, "misalign": .misalign, "weighting": .weighting,
    ]
    return ContrastiveUnlikelihood(
      form: options["form"]?.stringValue == "code" ? .code : .paper,
      lambda: try #require(options["lambda"]?.doubleValue), alpha: try #require(options["alpha"]?.doubleValue),
      gamma: options["gamma"]?.doubleValue,
      without: Set(try options.list("without").map { try #require(parts[$0.stringValue ?? ""]) }))
  }

  private static func example(_ value: JSONValue, unit: Double) throws -> ObjectiveExample {
    let responses = try value.list("responses").map { try response($0, unit: unit) }
    switch try #require(value["kind"]?.stringValue) {
    case "response": return .response(responses[0])
    case "acceptable": return .judged(responses[0], acceptable: true)
    case "unacceptable": return .judged(responses[0], acceptable: false)
    case "pair": return .pair(chosen: responses[0], rejected: responses[1])
    default: return .ranking(responses, rewards: try value.list("rewards").compactMap(\.doubleValue))
    }
  }

  private static func response(_ value: JSONValue, unit: Double) throws -> ScoredResponse {
    func numbers(_ list: JSONValue?) -> [Float] {
      (list?.arrayValue ?? []).compactMap(\.doubleValue).map { Float(-$0 / unit) }
    }
    return ScoredResponse(
      policy: numbers(value["p"]), vocabularyMeans: numbers(value["m"]),
      otherContexts: (value["o"]?.arrayValue ?? []).map { numbers($0) }, continuation: numbers(value["c"]),
      entropies: numbers(value["h"]).map { -$0 }, score: Float((value["s"]?.doubleValue ?? 0) / unit))
  }
}

extension JSONValue {
  fileprivate func list(_ name: String) throws -> [JSONValue] { try #require(self[name]?.arrayValue, "\(name)") }
}
