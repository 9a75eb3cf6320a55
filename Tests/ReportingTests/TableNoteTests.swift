// Notes of a table: which marks lead to them, where nothing needs one, and that every form says the same.

import JSON
import Records
import Reporting
import Testing

@Suite struct TableNotes {
  private static let base = measured(["base": "base"], right: [2], of: 10)
  private static let cold = measured(["heat": "cold"], right: [4], of: 10)
  private static let warm = measured(["heat": "warm"], right: [5], of: 10)
  private static let drift = measured(["heat": "warm"], eval: "drift", kind: "drift", right: [1], of: 10)
  private static let all = [base, cold, warm, drift]

  private static func text(_ notes: [TableNote], eval: String? = nil) -> TableText {
    TableText(
      TableLayout(all, rows: ["heat"], columns: [], value: eval, relativeTo: nil), notes: notes)
  }

  @Test func aRuleForAllThatIsTrainedHasNoMark() {
    let rule = TableNote("By a rule.", .rule, of: [Self.cold, Self.warm, Self.drift])
    let text = Self.text([rule])
    #expect(text.below.last == "By a rule." && !text.aligned.contains("ᵃ"), "\(text.below)")
  }

  @Test func marksLeadToNotesInTheOrderOfTheTable() {
    let text = Self.text([
      TableNote("Of the drift.", .numbers, of: [Self.drift]),
      TableNote("Of warm.", .rule, of: [Self.warm, Self.drift]),
      TableNote("Of cold.", .numbers, of: [Self.cold]), TableNote("Of all.", .table),
      TableNote("drift is named.", .named, of: [Self.drift]),
    ])
    #expect(
      cells(ofMarkdown: text.markdown).dropFirst(2) == [
        ["base", "20 ± 13", "–"], ["cold", "40 ± 16 ᵃ", "–"], ["warm ᵇ", "**50 ± 17**", "0.10 ± 0.10 ᶜ"],
      ], "\(text.markdown)")
    #expect(
      text.below.dropFirst() == [
        "ᵃ Of cold.", "ᵇ Of warm.", "ᶜ Of the drift.", "Of all.", "drift is named.",
      ])
    #expect(text.aligned.contains("warm ᵇ  ") && text.aligned.contains("0.10 ± 0.10 ᶜ"), "\(text.aligned)")
    for line in [
      "warm\\tnote{b} & \\textbf{50 $\\pm$ 17} & 0.10 $\\pm$ 0.10\\tnote{c} \\\\\n", "\\item[a] Of cold.\n",
      "\\item[c] Of the drift.\n\\item Of all.\n\\item drift is named.\n\\end{tablenotes}",
    ] {
      #expect(text.latex.contains(line), "\(text.latex)")
    }
  }

  @Test func notesAboutWhatIsNotShownAreLeftOut() {
    let notes = [TableNote("Of the drift.", .numbers, of: [Self.drift]), TableNote("Of all.", .table)]
    #expect(Self.text(notes, eval: "accuracy").below.dropFirst() == ["Of all."])
  }

  @Test func equalNotesHaveOneMark() {
    let text = Self.text([
      TableNote("Odd.", .numbers, of: [Self.cold]), TableNote("Odd.", .numbers, of: [Self.drift]),
    ])
    #expect(text.below.dropFirst() == ["ᵃ Odd."])
    #expect(text.markdown.contains("40 ± 16 ᵃ") && text.markdown.contains("0.10 ± 0.10 ᵃ"))
  }

  @Test func severalNotesOfOneCell() {
    let notes = (0..<27).map { TableNote("Note \($0).", .numbers, of: [Self.cold]) }
    let text = Self.text(notes)
    #expect(text.aligned.contains("40 ± 16 ᵃ,ᵇ,ᶜ,"), "\(text.aligned)")
    // There is no raised q.
    #expect(text.below.contains("ʳ Note 16.") && text.below.contains("ᵃᵇ Note 26."), "\(text.below)")
  }

  @Test func theyAreKeptInFilesOfResults() throws {
    let report = try report(
      "relative-to: cold/plain",
      ["cold/plain": [right(3, of: 8)], "cold/long": [[nil, nil]], "warm/plain": [right(2, of: 8), [nil]]])
    let read = try StoredTable(json: JSONValue(parsing: Array(report.json.pretty.utf8)))
    #expect(
      read.notes.map(\.text) == [
        "The training diverged at step 7: its loss exploded or was no number. Nothing is compared with it.",
        "The training of 1 of 2 seeds diverged at step 7: its loss exploded or was no number. Nothing is compared with it.",
      ])
    #expect(read.notes.map { $0.numbers.map(\.cell) } == [["cold/long"], ["warm/plain"]])
    #expect(report.text.contains("diverged at step 7 ᵃ"), "\(report.text)")
    #expect(throws: WireFault.self) {
      try StoredTable(
        json: JSONValue(parsing: Array(#"{"cells":[],"notes":[{"about":"numbers","cells":[0],"text":"x"}]}"#.utf8)))
    }
  }

  @Test func whatCouldNotBeMeasuredSaysWhy() throws {
    let text = try report("", ["cold/plain": [right(3, of: 8)], "cold/long": [[]]]).text
    #expect(text.contains("\nᵃ There was no record to measure."), "\(text)")
  }
}
