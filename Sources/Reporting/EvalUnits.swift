// What the numbers of evals are counted in, for the axes of charts.
// Knows the kinds of evals by their words, nothing of how they are measured.

package import Records

extension Measured {
  /// What it is counted in, for an axis: `%`, `nats`, `tokens`, `characters`; nil for numbers that have no unit.
  package var unit: String? {
    if isShare { return "%" }
    switch kind {
    case "drift", "likelihood-trace", "reward": return "nats"
    case "length": return "tokens"
    case "pair-statistics": return eval.hasSuffix(" Jaccard") ? nil : "characters"
    default: return nil
    }
  }

  /// What an axis says of it: its unit, or what a number without one means.
  package var scale: String {
    switch kind {
    case "perplexity": "perplexity per token"
    case "error-detection", "error-detection-within": "area under the ROC curve"
    case "pair-statistics" where eval.hasSuffix(" Jaccard"): "Jaccard's index, 0 to 1"
    default: unit == "%" ? "percent of records" : unit ?? "no unit"
    }
  }
}
