// What generation reaches: whole answers, and what is left of them after the first token.

import JSON
import Reporting

/// Answers to as many prompts as run side by side.
struct GenerationFigure {
  /// How tokens are chosen, in words.
  let sampling: String
  let workers: Int
  /// How many answers run side by side.
  let batch: Int
  let promptTokens: Int
  let newTokens: Int
  /// The seconds of each round.
  let seconds: [Double]
  /// The seconds of each round of the same with one new token alone: of the prompts, nearly.
  let secondsOfFirst: [Double]

  /// New tokens a second, prompts included, of each round.
  var rates: [Double] { seconds.map { Double(batch * newTokens) / $0 } }

  /// New tokens a second after each answer's first.
  var decodingRate: Double {
    Double(batch * (newTokens - 1)) / (BenchReport.median(seconds) - BenchReport.median(secondsOfFirst))
  }

  static let columns = [
    "generation", "workers", "batch", "end to end, tokens/s, median", "least–greatest",
    "after the first token, tokens/s",
  ]

  var cells: [String] {
    func text(_ rate: Double) -> String { NumberFormat.fixed(rate, decimals: 0) }
    let sorted = rates.sorted()
    return [
      sampling, String(workers), String(batch), text(BenchReport.median(rates)),
      "\(text(sorted[0]))–\(text(sorted[sorted.count - 1]))", text(decodingRate),
    ]
  }

  var json: JSONValue {
    .members([
      "sampling": .string(sampling), "workers": .integer(Int64(workers)), "batch": .integer(Int64(batch)),
      "prompt-tokens": .integer(Int64(promptTokens)), "new-tokens": .integer(Int64(newTokens)),
      "seconds": .array(seconds.map { .number($0) }), "seconds-of-first": .array(secondsOfFirst.map { .number($0) }),
    ])
  }
}
