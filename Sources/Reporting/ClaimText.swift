// Judged claims in words, as a Markdown table and as a LaTeX one.
// Knows nothing of where the text goes.

import Records
import Statistics

/// Renders the claims of a table.
public struct ClaimText: Sendable {
  private let claims: [JudgedClaim]

  /// Takes claims that were judged together.
  public init(_ claims: [JudgedClaim]) { self.claims = claims }

  /// Three lines for each claim and one that says how they were judged; nothing without claims.
  public var lines: [String] {
    if claims.isEmpty { return [] }
    let told = claims.flatMap { claim -> [String] in
      let words = ClaimWords(claim)
      return ["  \(words.heading): \(words.verdict)"] + words.details.map { "    \($0)" }
    }
    return ["Claims:"] + told + [rule]
  }

  /// A heading, a table and how the claims were judged.
  ///
  /// Every line ends with a new line; empty without claims.
  public var markdown: String {
    if claims.isEmpty { return "" }
    let rows = claims.map { ClaimWords($0).cells(verdict: "**\($0.verdict.rawValue)**") }
    let table = MarkdownTable.text(header: Self.header, rows: rows, isNumber: { (3...6).contains($0) })
    return "## Claims\n\n\(table)\n\(rule)\n\n"
  }

  /// A tabular with booktabs rules, to stand below the table's; empty without claims.
  public var latex: String {
    if claims.isEmpty { return "" }
    return "\n\\par\\medskip\n"
      + LaTeX.table(
        columns: "lllrrrrl", header: Self.header, rows: rows.map { $0.map(LaTeX.escaped) }, notes: [(nil, rule)])
  }

  /// What stands in the columns of a table of claims; the verdict is the third.
  package static let header = ["claim", "says", "verdict", "difference", "95%", "p", "could show", "rests on"]

  /// The cells of a table, a row for each claim.
  package var rows: [[String]] { claims.map { ClaimWords($0).cells(verdict: $0.verdict.rawValue) } }

  /// How verdicts come about, in a sentence or two.
  package var rule: String {
    let tested = claims.count { $0.evidence != nil }
    let family = tested == 1 ? "1 claim" : "\(tested) claims"
    let level = NumberFormat.fixed(Verdict.level, decimals: 2)
    return
      "A claim holds where p ≤ \(level) and left minus right is in its direction, does not hold where p ≤ \(level) and "
      + "it is in the other, and is undecided else. P-values are Holm's over \(family) that could be tested; intervals, and "
      + "what such a sample shows four times in five, are of each claim alone." + fewRecords
  }
}

extension ClaimText {
  /// That some intervals cover less than they say; nothing where none does.
  private var fewRecords: String {
    let paired = claims.compactMap(\.evidence).filter { $0.test == .paired }.map(\.records)
    return paired.min().flatMap { PairedComparison.caution(records: $0) }.map { " \($0)" } ?? ""
  }
}

/// One claim in words.
private struct ClaimWords {
  private let claim: JudgedClaim
  private let decimals: Int
  private let shift: Int

  init(_ claim: JudgedClaim) {
    self.claim = claim
    let isShare = claim.kind.map { Measured.isShare($0) } ?? false
    shift = isShare ? 2 : 0
    decimals = isShare ? 1 : NumberFormat.decimals(ofError: claim.evidence?.estimate.halfWidth) ?? 3
  }

  private func fixed(_ value: Double) -> String { NumberFormat.fixed(value, decimals: decimals, shift: shift) }

  private func signed(_ value: Double) -> String { NumberFormat.signed(value, decimals: decimals, shift: shift) }

  /// Name and statement.
  var heading: String { "\(name): \(claim.says)" }

  private var name: String { claim.isRequired ? claim.name : "\(claim.name) (not required)" }

  /// The verdict, with its reason where the numbers do not give it.
  var verdict: String { claim.verdict.rawValue + reason }

  private var reason: String { claim.why.map { ": \($0)" } ?? "" }

  /// The numbers and the test; nothing where there was none.
  var details: [String] {
    let sides = claim.sides.map { $0.map(fixed) ?? "–" }.joined(separator: " against ")
    guard let evidence = claim.evidence else { return claim.sides.allSatisfy { $0 == nil } ? [] : [sides] }
    let estimate = evidence.estimate
    let p = NumberFormat.probability(evidence.adjusted)
    return [
      "\(sides): \(signed(estimate.difference)), 95% from \(interval(" to ")), p \(p.hasPrefix("<") ? p : "= \(p)"), "
        + "could show ± \(fixed(estimate.detectable))",
      "\(test), \(sample)\(counts)",
    ]
  }

  /// The cells of a table's row.
  func cells(verdict: String) -> [String] {
    let said = [name, claim.says, verdict + reason]
    guard let evidence = claim.evidence else { return said + ["–", "–", "–", "–", "no test"] }
    return said + [
      signed(evidence.estimate.difference), interval(" to "), NumberFormat.probability(evidence.adjusted),
      "± \(fixed(evidence.estimate.detectable))", "\(test), \(sample)",
    ]
  }

  private func interval(_ between: String) -> String {
    guard let estimate = claim.evidence?.estimate else { return "–" }
    return "\(signed(estimate.low))\(between)\(signed(estimate.high))"
  }

  private var test: String {
    switch claim.evidence?.test {
    case .welch: "Welch's t test over seeds"
    case .oneSample: "t test over seeds, against the model before training"
    case .mcNemar: "McNemar's exact test and Tango's interval"
    case .paired: "paired t test and bootstrap"
    case nil: "no test"
    }
  }

  /// How much was compared, and what the test therefore speaks of.
  private var sample: String {
    guard let evidence = claim.evidence else { return "" }
    let seeds = evidence.seeds.map(String.init).joined(separator: " and ")
    if evidence.isOfMethods {
      let counts = evidence.test == .oneSample ? "\(evidence.seeds.max() ?? 0)" : seeds
      return "\(counts) seeds of \(evidence.records) records: methods"
    }
    let several = evidence.seeds.contains { $0 != 1 } ? ", \(seeds) seeds" : ""
    return "\(evidence.records) records\(several): \(evidence.scope)"
  }

  private var counts: String {
    guard let counts = claim.evidence?.disagreement else { return "" }
    return "; \(counts.onlySecond) only the left one right, \(counts.onlyFirst) only the right one"
  }
}
