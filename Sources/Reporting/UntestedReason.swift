// Why two numbers are shown beside one another and not tested.
// Facts only: how they are told depends on whether rows or claims are told of.

/// What keeps a difference from being tested.
public enum UntestedReason: Hashable, Sendable {
  /// Which of two numbers.
  public enum Side: String, Hashable, Sendable, CaseIterable {
    /// The first.
    case first
    /// The second.
    case second
  }

  /// The training of a model diverged: its number is none. What is said of each side, such as `diverged at step 7`; nil of a
  /// side that went well.
  case diverged(first: String?, second: String?)
  /// Nothing could be measured.
  case notMeasured([Side])
  /// A number is infinite or none.
  case notFinite
  /// Numbers of different kinds of evals.
  case otherKinds(String, String)
  /// The mean of several seeds' perplexities is none over records: they are compared over seeds alone, which takes two on each
  /// side, or two beside the model before training.
  case onlyOverSeeds
  /// A table that does not name its outcomes, as `table.csv` does not.
  case outcomesNotNamed([Side])
  /// Outcomes are named that the store does not have.
  case outcomesNotStored([Side])
  /// Numbers over seeds of records that are not the same, or fewer than two that both measured: how many are common, nil if
  /// only their counts are known, and how many each measured.
  case otherRecords(common: Int?, first: Int, second: Int)
  /// The same records, of which not the same ones count, as where only one side could be scored.
  case otherRecordsCount
  /// No record that both measured has a weight.
  case noWeight
  /// Every record differs by as much: nothing says how far chance would reach.
  case noSpread(records: Int)
}

extension UntestedReason {
  /// What is wrong with the records, in words; nil where something else is.
  public var recordWords: String? {
    guard case .otherRecords(let common, let first, let second) = self else { return nil }
    if common == first, first == second { return "\(first == 1 ? "one record is" : "\(first) records are") too few" }
    let known = common.map { "\($0) common of \(first) and \(second)" } ?? "\(first) and \(second)"
    return "the records are not the same: \(known)"
  }

  /// The reason where many numbers have it.
  public var inShort: String {
    switch self {
    case .diverged: "a training diverged"
    case .notMeasured: "nothing could be measured"
    case .notFinite: "a number is not finite"
    case .otherKinds: "the evals are of different kinds"
    case .onlyOverSeeds: "perplexities of several seeds are compared over seeds only"
    case .outcomesNotNamed, .outcomesNotStored: "the outcomes are not in this store"
    case .otherRecords: "the records are not the same"
    case .otherRecordsCount: "not the same records count"
    case .noWeight: "no record counts"
    case .noSpread: "nothing varies over the records"
    }
  }
}

extension StoredTable.Number {
  /// What is shown in its place where a training diverged, such as `diverged at step 7 (1 of 2 seeds)`; nil where all went
  /// well.
  public var divergence: String? { measured.divergence }
}
