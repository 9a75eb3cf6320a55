// A number and its place in words, the same wherever a command tells of one.

public import Records

extension Measured {
  /// Where it belongs, in words: `judge/DPO, round 2`; empty for the only cell.
  public var cell: String { Self.cell(at: coordinates) }

  /// Coordinates in words: arms joined by `/`, `base` for the model before training behind them, round and seed spelled out.
  static func cell(at place: [Coordinate]) -> String {
    let spelledOut: Set<String> = ["round", "seed"]
    let arms =
      place.filter { !spelledOut.contains($0.axis) && $0.axis != "base" }.map(\.value)
      + place.filter { $0.axis == "base" }.map { _ in "base" }
    let others = place.filter { spelledOut.contains($0.axis) }.map { "\($0.axis) \($0.value)" }
    return ([arms.joined(separator: "/")] + others).filter { !$0.isEmpty }.joined(separator: ", ")
  }

  /// The number with its error, as in a table: `62.8 ± 0.2%`, `-11.2 ± 1.3`, or `none` where nothing was measured.
  public var text: String {
    if mean == nil { return "none" }
    let text = CellText(self)
    return text.mean + (text.spread.map { " ± \($0)" } ?? "") + (isShare ? "%" : "")
  }

  /// Whether it is the share of records that are right, each wholly right or wrong: the errors of other shares, such as of
  /// several samples a record, do not follow from the share alone.
  package var isShareOfVerdicts: Bool {
    guard isShare, Set(seeds).count == 1, records > 1, let mean, let standardError else { return false }
    let expected = mean * (1 - mean) / Double(records - 1)
    return (standardError * standardError - expected).magnitude <= 1e-12
  }

  /// A value of the same kind, as of one seed.
  public func text(of value: Double) -> String { Self.text(of: value, kind: kind) }

  /// A value of an eval of a kind.
  package static func text(of value: Double, kind: String) -> String {
    let isShare = isShare(kind)
    return NumberFormat.fixed(value, decimals: isShare ? 1 : 3, shift: isShare ? 2 : 0) + (isShare ? "%" : "")
  }
}
