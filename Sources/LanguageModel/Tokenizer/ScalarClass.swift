// What the pre-tokenizers ask of a scalar: letter, number, white space, new line, isolated digit.
// Knows the reference's tables only, so that the answer does not change with the toolchain's Unicode version.

/// The classes of one scalar, as a set of bits.
struct ScalarClass: OptionSet {
  let rawValue: UInt8

  /// `\p{L}`.
  static let letter = ScalarClass(rawValue: 1)
  /// `\p{N}`.
  static let number = ScalarClass(rawValue: 2)
  /// `\s`.
  static let space = ScalarClass(rawValue: 4)
  /// `[\r\n]`, white space as well.
  static let newline = ScalarClass(rawValue: 8)
  /// What the digit splitter isolates.
  static let digit = ScalarClass(rawValue: 16)
  /// One of the three classes that runs are made of; none of them is `[^\s\p{L}\p{N}]`.
  static let kinds: ScalarClass = [.letter, .number, .space]

  /// One byte a scalar, filled once for the process.
  private static let table: [UInt8] = {
    var table = [UInt8](repeating: 0, count: 0x11_0000)
    func mark(_ ranges: [UInt32], _ value: ScalarClass) {
      for index in stride(from: 0, to: ranges.count, by: 2) {
        for scalar in Int(ranges[index])...Int(ranges[index + 1]) { table[scalar] |= value.rawValue }
      }
    }
    mark(UnicodeRanges.letters, .letter)
    mark(UnicodeRanges.numbers, .number)
    mark(UnicodeRanges.spaces, .space)
    mark(UnicodeRanges.digits, .digit)
    mark([0x0A, 0x0A, 0x0D, 0x0D], .newline)
    return table
  }()

  /// Calls `body` with the table, indexed by scalar value below 0x110000.
  static func withTable<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    table.withUnsafeBufferPointer(body)
  }
}
