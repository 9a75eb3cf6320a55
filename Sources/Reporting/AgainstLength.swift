// Whether a model's agreement with preferences is more than that of length alone: the longer response is often the better one.
// Knows nothing of how anything is printed.

import Digests
import JSON
import Planning
import Records
import Specification
import Statistics

/// A preference eval beside the one that asks for the length of the same records' responses.
struct AgainstLength: Sendable {
  let number: Measured
  let eval: String
  let cell: String
  let records: Int
  let estimate: Estimate

  /// Finds them among the numbers of an experiment.
  ///
  /// - Parameters:
  ///   - numbers: The numbers of the table.
  ///   - evals: The evals of a cell.
  ///   - outcomes: The outcomes behind a number, all seeds'; nil if they cannot be had.
  /// - Returns: One for each number that has one for length beside it.
  static func all(
    _ numbers: [Measured], evals: Named<Eval>, outcomes: (Measured) -> [[Outcomes]]?
  ) -> [AgainstLength] {
    let preferences = evals.entries.compactMap { entry -> (name: String, eval: PreferenceEval)? in
      if case .preference(let eval) = entry.value { (entry.name, eval) } else { nil }
    }
    return preferences.filter { $0.eval.score != .length }.flatMap { own -> [AgainstLength] in
      guard let length = preferences.first(where: { $0.eval.score == .length && $0.eval.on == own.eval.on }) else {
        return []
      }
      return numbers.filter { $0.eval == own.name }.compactMap { number in
        let other = numbers.first { $0.eval == length.name && $0.coordinates == number.coordinates }
        return other.flatMap { AgainstLength(number, over: $0, outcomes) }
      }
    }
  }

  private init?(_ number: Measured, over length: Measured, _ outcomes: (Measured) -> [[Outcomes]]?) {
    guard let own = outcomes(number), let other = outcomes(length) else { return nil }
    let pairs = PairedOutcomes.pairs(other, own)
    guard let estimate = PairedComparison(pairs).estimate() else { return nil }
    self.number = number
    eval = number.eval
    cell = number.coordinates.filter { $0.axis != "seed" }.map { $0.axis == "base" ? "base" : $0.value }
      .filter { !$0.isEmpty }.joined(separator: "/")
    records = pairs.count
    self.estimate = estimate
  }

  /// Whether the difference is beyond its interval, and in whose favour.
  private var verdict: String {
    if estimate.low > 0 { return "more than length alone" }
    return estimate.high < 0 ? "less than length alone" : "not told from length alone"
  }

  /// In words, with the interval.
  var sentence: String {
    func points(_ value: Double) -> String { NumberFormat.signed(value, decimals: 1, shift: 2) }
    return "\(eval)\(cell.isEmpty ? "" : " (\(cell))"): \(points(estimate.difference)) against the longer response, "
      + "95% from \(points(estimate.low)) to \(points(estimate.high)) over the same \(records) records: \(verdict)."
      + (PairedComparison.caution(records: records).map { " \($0)" } ?? "")
  }

  var json: JSONValue {
    .members([
      "eval": .string(eval), "cell": .string(cell), "records": .integer(Int64(records)),
      "difference": .number(estimate.difference), "low": .number(estimate.low), "high": .number(estimate.high),
    ])
  }
}

/// The outcomes of two evals of the same records, side by side.
enum PairedOutcomes {
  /// What both made of the records that both measured, each the mean over its seeds and samples.
  static func pairs(_ first: [[Outcomes]], _ second: [[Outcomes]]) -> [PairedRecord] {
    let (one, other) = (weighted(first), weighted(second))
    return one.order.compactMap { id in
      guard let left = one.values[id], let right = other.values[id] else { return nil }
      return PairedRecord(first: left, second: right)
    }
  }

  /// What each record that counts adds to two areas under curves, each the mean over its seeds; nil where the records that
  /// count are not the same.
  static func areas(_ first: [[Outcomes]], _ second: [[Outcomes]]) -> [(first: Double, second: Double)]? {
    let (one, other) = (contributions(first), contributions(second))
    guard Set(one.values.keys) == Set(other.values.keys) else { return nil }
    return one.order.compactMap { id in
      guard let left = one.values[id], let right = other.values[id] else { return nil }
      return (left, right)
    }
  }

  private static func contributions(_ seeds: [[Outcomes]]) -> (order: [RecordID], values: [RecordID: Double]) {
    var order: [RecordID] = []
    var means: [RecordID: Double] = [:]
    for one in seeds.flatMap({ AreaUnderCurve.contributions(of: $0) }) {
      if means[one.id] == nil { order.append(one.id) }
      means[one.id, default: 0] += one.value / Double(seeds.count)
    }
    return (order, means)
  }

  private static func weighted(
    _ seeds: [[Outcomes]]
  ) -> (order: [RecordID], values: [RecordID: PairedRecord.Weighted]) {
    var order: [RecordID] = []
    var sums: [RecordID: (sum: Double, weight: Double)] = [:]
    for record in seeds.joined() {
      let share = Double(record.outcomes.count * seeds.count)
      if sums[record.id] == nil { order.append(record.id) }
      let before = sums[record.id] ?? (0, 0)
      sums[record.id] = (
        before.sum + record.outcomes.reduce(0) { $0 + $1.value * $1.weight } / share,
        before.weight + record.outcomes.reduce(0) { $0 + $1.weight } / share
      )
    }
    return (order, sums.mapValues { PairedRecord.Weighted(sum: $0.sum, weight: $0.weight) })
  }
}
