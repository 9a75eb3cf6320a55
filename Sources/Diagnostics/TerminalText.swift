// Text made to fit a number of columns: broken between words, or shortened. Knows nothing of terminals themselves.

extension String {
  /// The text in lines of at most so many columns, broken between words; a word that is wider stands alone.
  ///
  /// - Parameters:
  ///   - columns: The columns of a line, blanks before it included.
  ///   - first: What stands before the first line.
  ///   - rest: What stands before the others.
  /// - Returns: At least one line.
  public func wrapped(to columns: Int, first: String = "", rest: String = "") -> [String] {
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in split(separator: " ").map(String.init) {
      if !isEmpty, line.terminalColumns + 1 + word.terminalColumns > columns {
        lines.append(line)
        (line, isEmpty) = (rest, true)
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return lines + [line]
  }

  /// The line in lines of at most so many columns, broken between words, its own blanks kept.
  ///
  /// A word that is wider stands alone. Colored text stays as it is: who colors knows the columns. What follows stands below where the line began, or below the second column of a list of names and meanings.
  ///
  /// - Parameter columns: The columns of a line.
  /// - Returns: At least one line.
  public func folded(to columns: Int) -> [String] {
    if terminalColumns <= columns || contains("\u{1B}") { return [self] }
    let indent = String(repeating: " ", count: hangingColumn(below: columns / 2))
    var lines: [String] = []
    var (line, width, blanks) = ("", 0, "")
    for part in split(separator: " ", omittingEmptySubsequences: false) {
      if part.isEmpty {
        blanks += " "
        continue
      }
      let word = String(part).terminalColumns
      if !line.isEmpty, width + blanks.count + word > columns {
        lines.append(line)
        (line, width) = (indent + part, indent.count + word)
      } else {
        (line, width) = (line + blanks + part, width + blanks.count + word)
      }
      blanks = " "
    }
    return lines + [line]
  }

  /// Where the second column of the line begins, else where the line does.
  private func hangingColumn(below most: Int) -> Int {
    let start = prefix { $0 == " " }.count
    var (column, blanks) = (start, 0)
    for character in dropFirst(start) {
      if character != " ", blanks > 1 { return column <= most ? column : start }
      blanks = character == " " ? blanks + 1 : 0
      column += character.terminalColumns
    }
    return min(start, most)
  }

  /// The text in at most so many columns, with `…` for what its middle loses: both ends of labels and paths say more.
  ///
  /// - Parameter columns: At least 1.
  /// - Returns: The text itself if it fits.
  public func shortened(to columns: Int) -> String {
    if terminalColumns <= columns { return self }
    let room = max(0, columns - 1)
    let tail = Self.prefix(of: reversed(), columns: room / 3)
    let head = Self.prefix(of: self, columns: room - String(tail).terminalColumns)
    return String(head) + "…" + String(tail.reversed())
  }

  private static func prefix(of characters: some Sequence<Character>, columns: Int) -> [Character] {
    var (taken, width): ([Character], Int) = ([], 0)
    for character in characters {
      width += character.terminalColumns
      if width > columns { break }
      taken.append(character)
    }
    return taken
  }
}
