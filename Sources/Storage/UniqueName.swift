// Names that nobody else has: processes of other hosts and namespaces have the same numbers and the same clock.

/// Names that are drawn, not derived.
public enum UniqueName: Sendable {
  /// Sixteen hex digits from the system's generator; they stand in no result.
  public static func drawn() -> String {
    var generator = SystemRandomNumberGenerator()
    return drawn(with: &generator)
  }

  /// Sixteen hex digits from some generator.
  public static func drawn(with generator: inout some RandomNumberGenerator) -> String {
    let digits = String(UInt64.random(in: 0 ... .max, using: &generator), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// A run's name: when it began and in which process, for people, and what no other run has.
  ///
  /// - Parameters:
  ///   - time: Such as `2026-01-31T23:59:59Z`.
  ///   - process: The process's number.
  ///   - generator: Where the unique part comes from.
  /// - Returns: Such as `20260131T235959Z-4711-0123456789abcdef`.
  public static func ofRun(at time: String, process: Int, with generator: inout some RandomNumberGenerator) -> String {
    "\(time.filter { $0 != ":" && $0 != "-" })-\(process)-\(drawn(with: &generator))"
  }
}
