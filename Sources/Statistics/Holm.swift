// Holm's correction: many comparisons find something by chance.

/// Adjusts p-values for their number.
public enum Holm: Sendable {
  /// The adjusted p-values, in the order of the given ones: none falls below a smaller one's, and none exceeds 1.
  ///
  /// Source: Holm, Scandinavian Journal of Statistics 6 (1979).
  public static func adjusted(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var adjusted = values
    var floor = 0.0
    for (rank, index) in order.enumerated() {
      floor = max(floor, min(1, values[index] * Double(values.count - rank)))
      adjusted[index] = floor
    }
    return adjusted
  }
}
