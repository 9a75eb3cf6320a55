// Every objective against independent implementations: thousands of random batches with extreme values, every element
// of every gradient. The values come from Tests/References/objectives.py, and from padded_objectives.py what a trainer
// computes that pads its batches.

import Foundation
import JSON
import Objectives
import Testing

struct ReferenceCaseTests {
  static let names = ["sft", "dpo", "apo-zero", "apo-down", "kto", "apo-zero-unpaired"]

  private static let file = Result { try GoldenCases.read("cases.json") }
  private static let padded = Result { try GoldenCases.read("padded-cases.json") }

  @Test(arguments: names) func equalsTheReference(name: String) throws {
    try compare(name, in: try Self.file.get(), batches: 1500, elements: 3_000)
  }

  @Test(arguments: names) func equalsAPaddedBatch(name: String) throws {
    try compare(name, in: try Self.padded.get(), batches: 200, elements: 400)
  }

  private func compare(_ name: String, in file: JSONValue, batches expected: Int, elements fewest: Int) throws {
    let unit = try file.number("unit")
    var (batches, elements, faults) = (0, 0, [String]())
    for case let (index, value) in try file.list("cases").enumerated() where value["objective"]?.stringValue == name {
      let batch = try ReferenceBatch(value, unit: unit)
      let results = batch.examples.map { batch.objective.loss(of: $0, in: batch.facts) }
      // The batch's loss is the sum of its examples' shares.
      let pairs =
        [(results.reduce(0) { $0 + $1.loss }, batch.loss, "loss")]
        + (try zip(results, batch.gradients).enumerated().flatMap { number, both in
          try Self.elements(of: both.0, both.1, named: "example \(number)")
        })
      for (found, expected, place) in pairs where !(abs(found - expected) <= 1e-12 + 1e-9 * abs(expected)) {
        faults.append("case \(index), \(place): \(found), not \(expected)")
      }
      batches += 1
      elements += pairs.count
    }
    #expect(faults.isEmpty, "\(faults.count) differ, first: \(faults.prefix(5).joined(separator: "; "))")
    #expect(batches == expected)
    #expect(elements > fewest)
  }

  /// Every element of an example's gradient beside the reference's.
  private static func elements(
    of result: ExampleLoss, _ expected: ReferenceGradient, named name: String
  ) throws -> [(Double, Double, String)] {
    try result.gradients.enumerated().flatMap { number, gradient in
      let place = "\(name), response \(number)"
      return try expected.tokens.spread(number, over: gradient.tokens, place)
        + expected.means.spread(number, over: gradient.vocabularyMeans, place + ", means")
    }
  }
}

/// One example's gradients as the file has them: one value a response that is read, a number or a list.
struct ReferenceGradient {
  let tokens: [JSONValue]
  let means: [JSONValue]
}

extension [JSONValue] {
  fileprivate func spread(_ number: Int, over found: [Double], _ place: String) throws -> [(Double, Double, String)] {
    guard number < count else {
      #expect(found.isEmpty, "\(place) is not read")
      return []
    }
    #expect(!found.isEmpty, "\(place) is read")
    let expected: [Double]
    if let list = self[number].arrayValue {
      expected = list.compactMap(\.doubleValue)
    } else {
      expected = Array<Double>(repeating: try #require(self[number].doubleValue), count: found.count)
    }
    #expect(expected.count == found.count, "\(place)")
    return zip(found, expected).enumerated().map { ($1.0, $1.1, "\(place), token \($0)") }
  }
}

/// One batch of the file.
struct ReferenceBatch {
  let objective: any ObjectiveFunction
  let examples: [ObjectiveExample]
  let facts: BatchFacts
  let gradients: [ReferenceGradient]
  let loss: Double

  init(_ value: JSONValue, unit: Double) throws {
    objective = try Self.objective(value)
    examples = try value.list("examples").map { try Self.example($0, unit: unit) }
    let partners = (value["partners"]?.arrayValue ?? []).compactMap(\.doubleValue).map { $0 / unit }
    facts = objective.facts(
      of: examples, referencePoint: KahnemanTversky.referencePoint(logRatios: partners))
    gradients = try value.list("examples").map {
      ReferenceGradient(tokens: try $0.list("gradients"), means: $0["means"]?.arrayValue ?? [])
    }
    loss = try value.number("loss")
  }

  private static func objective(_ value: JSONValue) throws -> any ObjectiveFunction {
    let options = try #require(value["options"])
    func weights() throws -> (Double, Double) {
      (try options.number("desirableWeight"), try options.number("undesirableWeight"))
    }
    switch try #require(value["objective"]?.stringValue) {
    case "sft": return SupervisedFineTuning(labelSmoothing: try options.number("labelSmoothing"))
    case "dpo":
      return DirectPreference(
        beta: try options.number("beta"), labelSmoothing: try options.number("labelSmoothing"))
    case "apo-zero": return AnchoredPreferenceZero(beta: try options.number("beta"))
    case "apo-down": return AnchoredPreferenceDown(beta: try options.number("beta"))
    case "kto":
      let (good, bad) = try weights()
      return KahnemanTversky(beta: try options.number("beta"), desirableWeight: good, undesirableWeight: bad)
    case let name:
      try #require(name == "apo-zero-unpaired")
      let (good, bad) = try weights()
      return AnchoredPreferenceZeroUnpaired(
        beta: try options.number("beta"), desirableWeight: good, undesirableWeight: bad)
    }
  }

  private static func example(_ value: JSONValue, unit: Double) throws -> ObjectiveExample {
    let responses = try value.list("responses").map { response in
      let parts = try #require(response.arrayValue).map { part in
        try #require(part.arrayValue).map { Float(-(try #require($0.doubleValue)) / unit) }
      }
      return ScoredResponse(
        policy: parts[0], reference: parts[1], vocabularyMeans: parts.count > 2 ? parts[2] : [])
    }
    switch try #require(value["kind"]?.stringValue) {
    case "response": return .response(responses[0])
    case "acceptable": return .judged(responses[0], acceptable: true)
    case "unacceptable": return .judged(responses[0], acceptable: false)
    case let kind:
      try #require(kind == "pair")
      return .pair(chosen: responses[0], rejected: responses[1])
    }
  }
}

extension JSONValue {
  fileprivate func list(_ name: String) throws -> [JSONValue] { try #require(self[name]?.arrayValue, "\(name)") }
  fileprivate func number(_ name: String) throws -> Double { try #require(self[name]?.doubleValue, "\(name)") }
}
