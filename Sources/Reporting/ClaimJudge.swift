// Judges the claims of a table: finds their cells, compares them as `runner diff` does, corrects for their number.
// Knows nothing of files or of how anything is printed; a claim that cannot be tested is undecided, and says why.

import Digests
import Records
import Specification
import Statistics

/// Judges claims against numbers.
enum ClaimJudge {
  /// A claim's two numbers, compared as far as they can be.
  private struct Case {
    let name: String
    let claim: Claim
    /// Left and right; nil where there is no such number, or more than one.
    var sides: [StoredTable.Number?] = [nil, nil]
    var row: TableComparison.Row?
    /// What keeps it from being tested.
    var doubt: Doubt?
  }

  /// Why a claim is not tested.
  private enum Doubt {
    case noNumber(String)
    case severalNumbers(String, [String])
    case notMeasured(String)
    case diverged(String, how: String)
    case otherKinds(String, String)
    case sameComputation
    case sameOutcomes
    case onlyOverSeeds
    case otherRecordsCount
    case noCommonRecords
    case otherRecords(String)
    case noWeight
    case noSpread(records: Int)
    case notFinite
  }

  /// The claims, judged together: each that can be tested makes the others' p-values larger.
  ///
  /// - Parameters:
  ///   - claims: The claims of a table.
  ///   - cells: The cells that they name.
  ///   - outcomes: The records of an outcomes object; nil if they cannot be had.
  /// - Returns: One for each claim, in their order.
  static func judged(
    _ claims: Named<Claim>, _ cells: some ClaimCells, _ outcomes: (Digest) -> [Outcomes]?
  ) -> [JudgedClaim] {
    let cases = claims.entries.map { examined($0.value, named: $0.name, cells, outcomes) }
    let tested = cases.indices.filter { cases[$0].doubt == nil }
    let adjusted = Holm.adjusted(tested.compactMap { cases[$0].row?.estimate?.p })
    let corrected = Dictionary(zip(tested, adjusted), uniquingKeysWith: { first, _ in first })
    return cases.enumerated().map { index, one in judged(one, corrected[index]) }
  }

  // MARK: - Comparing

  private static func examined(
    _ claim: Claim, named name: String, _ cells: some ClaimCells, _ outcomes: (Digest) -> [Outcomes]?
  ) -> Case {
    var one = Case(name: name, claim: claim)
    let found = cells.numbers(of: claim)
    for (side, (cell, numbers)) in [(claim.left, found.left), (claim.right, found.right)].enumerated() {
      if numbers.count == 1 { one.sides[side] = numbers[0] } else { one.doubt = one.doubt ?? doubt(cell, numbers) }
    }
    guard let left = one.sides[0], let right = one.sides[1] else { return one }
    one.doubt = doubt(claim.left, left) ?? doubt(claim.right, right) ?? doubt(between: left, right)
    if one.doubt != nil { return one }
    // A difference is the second number minus the first, and claims speak of the left one first.
    let row = TableComparison.Row(right, left, outcomes)
    one.row = row
    one.doubt = doubt(of: row)
    return one
  }

  private static func doubt(_ cell: String, _ numbers: [StoredTable.Number]) -> Doubt {
    numbers.isEmpty ? .noNumber(cell) : .severalNumbers(cell, numbers.map(\.cell))
  }

  private static func doubt(_ cell: String, _ number: StoredTable.Number) -> Doubt? {
    if let divergence = number.measured.divergence { return .diverged(cell, how: divergence) }
    guard let mean = number.mean else { return .notMeasured(cell) }
    return mean.isFinite ? nil : .notFinite
  }

  private static func doubt(between left: StoredTable.Number, _ right: StoredTable.Number) -> Doubt? {
    if left.kind != right.kind { return .otherKinds(left.kind, right.kind) }
    let steps = [left, right].map { $0.sources.map(\.step) }
    return !steps[0].isEmpty && steps[0] == steps[1] ? .sameComputation : nil
  }

  private static func doubt(of row: TableComparison.Row) -> Doubt? {
    switch row.basis {
    case .same: return .sameOutcomes
    case .numbers(.onlyOverSeeds): return .onlyOverSeeds
    case .numbers(.otherRecordsCount): return .otherRecordsCount
    case .numbers(.noWeight): return .noWeight
    case .numbers(.notFinite): return .notFinite
    case .numbers(.noSpread(let records)): return .noSpread(records: records)
    case .numbers(.otherRecords(let common, let right, let left)):
      let told = UntestedReason.otherRecords(common: common, first: left, second: right)
      return told.recordWords.map { .otherRecords($0) } ?? .noCommonRecords
    case .numbers: return .noCommonRecords
    case .seeds, .records: return row.estimate == nil ? .noWeight : nil
    }
  }

  // MARK: - Judging

  private static func judged(_ one: Case, _ adjusted: Double?) -> JudgedClaim {
    let evidence = adjusted.flatMap { adjusted in one.row.flatMap { Self.evidence($0, adjusted) } }
    var verdict = Verdict.undecided
    if let evidence {
      verdict = Verdict(
        difference: evidence.estimate.difference, p: evidence.adjusted, isGreater: one.claim.relation == .greater)
    } else if case .sameComputation? = one.doubt {
      verdict = .doesNotHold
    }
    let noise = verdict == .undecided ? "the difference is inside the noise" : nil
    return JudgedClaim(
      name: one.name, says: one.claim.written, isRequired: one.claim.required, verdict: verdict,
      why: one.doubt.map(words) ?? noise, kind: one.sides.compactMap { $0?.kind }.first,
      sides: one.sides.map { number in
        number?.divergence == nil ? number?.mean.flatMap { $0.isFinite ? $0 : nil } : nil
      }, evidence: evidence)
  }

  private static func evidence(_ row: TableComparison.Row, _ adjusted: Double) -> JudgedClaim.Evidence? {
    guard let estimate = row.estimate else { return nil }
    let (left, right) = (row.second, row.first)
    let seeds = [left.seeds.count, right.seeds.count]
    switch row.basis {
    case .seeds:
      return .init(
        test: seeds.contains(1) ? .oneSample : .welch, estimate: estimate, adjusted: adjusted, records: left.records,
        seeds: seeds, disagreement: nil)
    case .records(let count):
      return .init(
        test: row.disagreement == nil ? .paired : .mcNemar, estimate: estimate, adjusted: adjusted, records: count,
        seeds: seeds, disagreement: row.disagreement)
    case .same, .numbers: return nil
    }
  }

  private static func words(_ doubt: Doubt) -> String {
    switch doubt {
    case .noNumber(let cell): "`\(cell)` has no number"
    case .severalNumbers(let cell, let places):
      "`\(cell)` is \(places.count) numbers: \(places.prefix(4).joined(separator: "; "))\(places.count > 4 ? "; …" : "")"
    case .notMeasured(let cell): "nothing could be measured in `\(cell)`"
    case .diverged(let cell, let how): "`\(cell)` \(how)"
    case .otherKinds(let left, let right): "a number of \(left) and one of \(right) are not of one kind"
    case .sameComputation: "both are the same computation"
    case .sameOutcomes: "both come to the same outcomes on every record"
    case .onlyOverSeeds:
      "perplexities of several seeds are compared over seeds only, which takes two on each side that differ"
    case .noCommonRecords: "their outcomes are not in this store"
    case .otherRecords(let words): words
    case .otherRecordsCount: "the records are the same, but not the same ones count on both sides"
    case .noWeight: "no record that both measured counts"
    case .noSpread(let records): "nothing varies over \(records) records, so nothing says how far chance would reach"
    case .notFinite: "one of the numbers is not finite"
    }
  }
}

/// Where claims find their numbers.
protocol ClaimCells {
  /// The numbers that a claim names; one each where it can be tested.
  func numbers(of claim: Claim) -> (left: [StoredTable.Number], right: [StoredTable.Number])
}

/// The cells of an experiment's table, named by their arms, rows before columns.
struct GridCells: ClaimCells {
  private let numbers: [StoredTable.Number]
  /// The axes that make names; empty: the arms in their own order.
  private let axes: [String]

  /// - Parameters:
  ///   - numbers: The numbers of the experiment.
  ///   - table: How they are laid out.
  init(_ numbers: [StoredTable.Number], table: Table) {
    self.numbers = numbers.filter { $0.eval == table.value }
    axes = table.rows + table.columns
  }

  func numbers(of claim: Claim) -> (left: [StoredTable.Number], right: [StoredTable.Number]) {
    let (left, right) = (own(claim.left), own(claim.right))
    // The base that belongs to a cell: what an arm changes in how the model before training is measured holds for both.
    return (
      left ?? base(beside: right?.first, named: claim.left), right ?? base(beside: left?.first, named: claim.right)
    )
  }

  /// The numbers of a cell, of several rounds the last; nil if no cell has that name.
  private func own(_ name: String) -> [StoredTable.Number]? {
    let found = numbers.filter { !$0.isBase && self.name(of: $0).utf8.elementsEqual(name.utf8) }
    return found.isEmpty ? nil : axes.contains("round") ? found : found.ofLastRound
  }

  private func base(beside other: StoredTable.Number?, named name: String) -> [StoredTable.Number] {
    guard name == "base" else { return [] }
    let place = other?.place ?? []
    return numbers.filter { number in
      number.isBase
        && number.place.allSatisfy { own in
          !place.contains { $0.axis == own.axis && $0.axis != "base" && $0.value != own.value }
        }
    }
  }

  private func name(of number: StoredTable.Number) -> String {
    let builtIn: Set<String> = ["round", "dataset", "seed"]
    let axes = self.axes.isEmpty ? number.place.map(\.axis).filter { !builtIn.contains($0) } : self.axes
    return axes.compactMap { axis in number.place.first { $0.axis == axis }?.value }.joined(separator: "/")
  }
}

/// The cells of a table over several experiments, each named `ROW/COLUMN`.
struct NamedCells: ClaimCells {
  let numbers: [StoredTable.Number]

  func numbers(of claim: Claim) -> (left: [StoredTable.Number], right: [StoredTable.Number]) {
    (named(claim.left), named(claim.right))
  }

  private func named(_ name: String) -> [StoredTable.Number] {
    numbers.filter { number in
      ["row", "column"].compactMap { axis in number.place.first { $0.axis == axis }?.value }.joined(separator: "/").utf8
        .elementsEqual(name.utf8)
    }
  }
}

extension [StoredTable.Number] {
  /// Those of the last round, where each is of a round.
  fileprivate var ofLastRound: [StoredTable.Number] {
    let rounds = map { number in number.place.first { $0.axis == "round" }.flatMap { Int($0.value) } }
    guard let last = rounds.compactMap({ $0 }).max(), !rounds.contains(nil) else { return self }
    return zip(self, rounds).filter { $1 == last }.map(\.0)
  }
}
