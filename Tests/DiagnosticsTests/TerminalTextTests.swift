// Text that is broken between words, or shortened, to fit so many columns.

import Diagnostics
import Testing

@Suite struct TerminalText {
  @Test func foldedLinesKeepTheirBlanks() {
    #expect("  one  two three".folded(to: 20) == ["  one  two three"])
    // Below the second column, if that leaves room.
    #expect("  one  two three".folded(to: 14) == ["  one  two", "       three"])
    #expect("  a long name  two three".folded(to: 18) == ["  a long name  two", "  three"])
    #expect("one two three".folded(to: 8) == ["one two", "three"])
    #expect("ab extraordinary cd".folded(to: 5) == ["ab", "extraordinary", "cd"])
    #expect("\u{1B}[1mone two three\u{1B}[0m".folded(to: 5).count == 1)
    #expect("".folded(to: 5) == [""])
  }

  @Test func wordsAreKeptWhole() {
    #expect("one two three".wrapped(to: 7) == ["one two", "three"])
    #expect("one two three".wrapped(to: 9, first: "- ", rest: "  ") == ["- one two", "  three"])
    #expect("extraordinary it is".wrapped(to: 5) == ["extraordinary", "it is"])
    #expect("".wrapped(to: 5, first: "a ") == ["a "])
    // Wide characters count twice.
    #expect("漢字 漢字".wrapped(to: 8) == ["漢字", "漢字"])
    #expect("漢字 漢字".wrapped(to: 9) == ["漢字 漢字"])
  }

  @Test func bothEndsStay() {
    #expect("abcdefghij".shortened(to: 10) == "abcdefghij")
    #expect("abcdefghijk".shortened(to: 10) == "abcdef…ijk")
    #expect("abcdef".shortened(to: 1) == "…")
    for columns in 1...12 {
      #expect("漢字漢字漢字".shortened(to: columns).terminalColumns <= columns)
      #expect("train dpo, seed 1".shortened(to: columns).terminalColumns == columns)
    }
  }
}
