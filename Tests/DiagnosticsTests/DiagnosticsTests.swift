// Messages as their readers see them.

import Diagnostics
import JSON
import Testing

@Suite struct Messages {
  @Test func showsTheLineAndACaret() {
    let place = SourcePlace(file: "a.yaml", line: 12, column: 3, width: 4, sourceLine: "\ttemp: 1")
    let diagnosis = Diagnosis(
      "spec.unknown-key", "unknown key `temp`", place: place, notes: ["Allowed: a, b."],
      remedy: "Did you mean `temperature`?", exit: .badSpec)
    #expect(
      diagnosis.text() == """
        a.yaml:12:3: error: unknown key `temp`
         12 |  temp: 1
            |   ^^^^
          Allowed: a, b.
          → Did you mean `temperature`?
        """)
  }

  /// The caret stands under what it means behind characters that take two columns or none.
  @Test func countsTheColumnsOfATerminal() {
    let place = SourcePlace(file: "a.yaml", line: 1, column: 7, width: 3, sourceLine: "数据🙂e\u{301}: 值值x: 1")
    let lines = Diagnosis("x", "y", place: place, exit: .badSpec).text().split(separator: "\n")
    #expect(lines[1] == " 1 | 数据🙂e\u{301}: 值值x: 1")
    #expect(lines[2] == "   |          ^^^^^")
    #expect("ｱ".terminalColumns == 1 && "Ａ".terminalColumns == 2 && "한글".terminalColumns == 4)
    #expect("👩‍👩‍👧".terminalColumns == 2 && "\u{200B}".terminalColumns == 0 && "−±─".terminalColumns == 3)
  }

  @Test func colorsOnlyWhenAsked() {
    let diagnosis = Diagnosis("x", "y", exit: .usage, severity: .warning)
    #expect(diagnosis.text() == "warning: y")
    #expect(diagnosis.text(colored: true) == "\u{1B}[1;33mwarning:\u{1B}[0m y")
  }

  @Test func jsonCarriesEveryPart() {
    let place = SourcePlace(file: "a", line: 1, column: 2)
    let diagnosis = Diagnosis("c", "m", place: place, notes: ["n"], remedy: "r", exit: .inputOutput)
    #expect(
      diagnosis.json.canonical
        == "{\"code\":\"c\",\"exit\":74,\"message\":\"m\",\"notes\":[\"n\"],\"place\":{\"column\":2,\"file\":\"a\",\"line\":1},\"remedy\":\"r\",\"severity\":\"error\"}"
    )
  }

  @Test(arguments: [
    ("temprature", "temperature"), ("lernaing-rate", "learning-rate"), ("xyzzy", nil), ("Models", "models"),
  ])
  func suggests(word: String, expected: String?) {
    let words = ["temperature", "learning-rate", "models", "no", "samples"]
    #expect(Suggestion.nearest(to: word, among: words) == expected)
  }

  @Test func whatIsFoundTwiceIsToldOnce() {
    let (one, other) = (Diagnosis("a", "m", exit: .badSpec), Diagnosis("b", "m", exit: .badSpec))
    #expect(Diagnoses([one, other, one]).distinct == Diagnoses([one, other]))
  }

  @Test func controlCharactersOfDataReachNoTerminal() {
    let diagnosis = Diagnosis("x", "a\u{1B}[31mb\u{0}\u{9B}", notes: ["c\u{7}"], remedy: "d\u{7F}", exit: .badSpec)
    #expect(diagnosis.text() == "error: a␛[31mb␀\u{FFFD}\n  c␇\n  → d␡")
  }
}
