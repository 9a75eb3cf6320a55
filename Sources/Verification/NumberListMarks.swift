// Tells the marks of a numbered list from numbers.
// Knows tokens; nothing of which number is the answer.

/// Numbers that only count the items of a list.
enum ListMarks {
  /// A list starts with 1 and goes up by 1; one item is enough at the start of a line, two elsewhere.
  static func indices(in tokens: [NumberToken]) -> Set<Int> {
    var marks: Set<Int> = []
    var list: [Int] = []
    func close() {
      if list.count > 1 || list.first.map({ startsLine(tokens, $0) }) ?? false { marks.formUnion(list) }
      list = []
    }
    for index in tokens.indices {
      guard let value = value(tokens, index) else { continue }
      if value == ExactNumber(1) { close() }
      if value == ExactNumber(list.count + 1) { list.append(index) }
    }
    close()
    return marks
  }

  /// A whole number directly followed by `.` or `)` and then by more of the line.
  private static func value(_ tokens: [NumberToken], _ index: Int) -> ExactNumber? {
    guard case .number(let value) = tokens[index].kind, index + 2 < tokens.count,
      tokens[index + 1].isMark(".", ")"), tokens[index + 1].range.lowerBound == tokens[index].range.upperBound,
      tokens[index + 2].kind != .newline, tokens[index + 2].range.lowerBound > tokens[index + 1].range.upperBound
    else { return nil }
    return value
  }

  private static func startsLine(_ tokens: [NumberToken], _ index: Int) -> Bool {
    for token in tokens[..<index].reversed() {
      if token.kind == .newline { return true }
      guard token.isMark("(", "*", "-", "#", "\u{2022}") else { return false }
    }
    return true
  }
}
