// Tables from measured numbers: rows, columns, what is compared with what, and the text in each form.

import Records
import Reporting
import Specification
import Testing

private let grid = [
  measured(["heat": "cold", "style": "plain"], right: [4], of: 10),
  measured(["heat": "cold", "style": "long"], right: [5], of: 10),
  measured(["heat": "warm", "style": "plain"], right: [3], of: 10),
  measured(["heat": "warm", "style": "long"], right: [10], of: 10),
]

@Suite struct Layouts {
  @Test func withoutATableEveryCellIsARow() {
    let layout = TableLayout(grid, table: nil)
    #expect(layout.rowAxes == ["heat", "style"])
    #expect(layout.columns == ["accuracy"])
    #expect(
      layout.rows.map(\.labels) == [["cold", "plain"], ["cold", "long"], ["warm", "plain"], ["warm", "long"]])
    #expect(layout.rows.map { $0.cells.map { $0?.mean } } == [[0.4], [0.5], [0.3], [1]])
    #expect(layout.rows.allSatisfy { layout.reference(row: $0, column: 0) == nil })
  }

  @Test func withoutATableEveryEvalIsAColumn() {
    let numbers = [measured(right: [1], of: 2), measured(eval: "other", right: [2], of: 2)]
    let layout = TableLayout(numbers, table: nil)
    #expect(layout.rowAxes == [])
    #expect(layout.columns == ["accuracy", "other"])
    #expect(layout.rows.map { $0.cells.map { $0?.mean } } == [[0.5, 1]])
  }

  @Test func rowsAndColumnsAreWhatTheTableSays() throws {
    let layout = TableLayout(grid, table: try table("{rows: style, columns: heat, value: accuracy}"))
    #expect(layout.rowAxes == ["style"])
    #expect(layout.columns == ["cold", "warm"])
    #expect(layout.rows.map(\.labels) == [["plain"], ["long"]])
    #expect(layout.rows.map { $0.cells.map { $0?.mean } } == [[0.4, 0.3], [0.5, 1]])
  }

  @Test func rowsStandInTheTablesOrder() throws {
    let layout = TableLayout(grid, table: try table("{rows: [style, heat], value: accuracy}"))
    #expect(layout.rowAxes == ["style", "heat"])
    #expect(
      layout.rows.map(\.labels) == [["plain", "cold"], ["long", "cold"], ["plain", "warm"], ["long", "warm"]])
  }

  @Test func otherEvalsAreLeftOut() throws {
    let layout = TableLayout(
      grid + [measured(["heat": "cold", "style": "plain"], eval: "other", right: [1], of: 1)],
      table: try table("{rows: style, columns: heat, value: accuracy}"))
    #expect(layout.columns == ["cold", "warm"])
    #expect(layout.rows[0].cells[0]?.mean == 0.4)
  }

  @Test func whatWasNotMeasuredIsNil() throws {
    let layout = TableLayout(Array(grid[1...]), table: try table("{rows: style, columns: heat, value: accuracy}"))
    #expect(layout.columns == ["cold", "warm"])
    #expect(layout.rows.map(\.labels) == [["long"], ["plain"]])
    #expect(layout.rows.map { $0.cells.map { $0?.mean } } == [[0.5, 1], [nil, 0.3]])
  }

  @Test func dataSetsAreAnAxis() throws {
    let numbers = [
      measured(["heat": "cold", "style": "plain", "dataset": "a"], right: [1], of: 4),
      measured(["heat": "cold", "style": "plain", "dataset": "b"], right: [2], of: 4),
      measured(["heat": "warm", "style": "plain", "dataset": "a"], right: [3], of: 4),
      measured(["heat": "warm", "style": "plain", "dataset": "b"], right: [4], of: 4),
    ]
    let asColumns = TableLayout(numbers, table: try table("{rows: [heat, style], columns: dataset, value: accuracy}"))
    #expect(asColumns.columns == ["a", "b"])
    #expect(asColumns.rows.map { $0.cells.map { $0?.mean } } == [[0.25, 0.5], [0.75, 1]])
    let asRows = TableLayout(
      numbers, table: try table("{rows: [heat, style], value: accuracy, relative-to: cold/plain}"))
    #expect(asRows.rowAxes == ["heat", "style", "dataset"])
    #expect(
      asRows.rows.map(\.labels) == [
        ["cold", "plain", "a"], ["cold", "plain", "b"], ["warm", "plain", "a"], ["warm", "plain", "b"],
      ])
    // Each is compared with the named row of its own data set.
    #expect(asRows.rows.map { asRows.reference(row: $0, column: 0)?.mean } == [0.25, 0.5, 0.25, 0.5])
  }

  @Test func aNamedRowIsTheReferenceInItsColumn() throws {
    let layout = TableLayout(
      grid, table: try table("{rows: style, columns: heat, value: accuracy, relative-to: plain}"))
    for row in layout.rows {
      #expect(layout.reference(row: row, column: 0)?.mean == 0.4)
      #expect(layout.reference(row: row, column: 1)?.mean == 0.3)
    }
  }

  /// Where no row has the name, it is a cell's: in the order of the experiment's axes, or rows before columns.
  @Test(arguments: ["cold/long", "long/cold"])
  func aNamedCellIsTheReferenceEverywhere(name: String) throws {
    let other = grid.map { $0.named("other", at: $0.coordinates) }
    let layout = TableLayout(
      grid, table: try table("{rows: style, columns: heat, value: accuracy, relative-to: \(name)}"))
    for row in layout.rows {
      for column in 0...1 { #expect(layout.reference(row: row, column: column)?.mean == 0.5) }
    }
    let named = TableLayout(
      grid + other, rows: ["style"], columns: ["heat"], value: "accuracy", relativeTo: .cell("none"))
    #expect(named.reference(row: named.rows[0], column: 0) == nil)
    #expect(
      named.referenceNames == [
        "plain", "long", "cold/plain", "plain/cold", "warm/plain", "plain/warm", "cold/long", "long/cold", "warm/long",
        "long/warm",
      ])
  }

  @Test func aNamedCellIsTheReferenceOfItsOwnRound() throws {
    let numbers = ["a", "b"].flatMap { arm in
      ["1", "2"].map { measured(["arm": arm, "round": $0], right: [$0 == "1" ? 2 : 4], of: 10) }
    }
    let layout = TableLayout(numbers, rows: ["round"], columns: ["arm"], value: "accuracy", relativeTo: .cell("a"))
    #expect(layout.rows.map { layout.reference(row: $0, column: 1)?.mean } == [0.2, 0.4])
  }

  @Test func theBaseStandsInEveryColumn() throws {
    let numbers = [measured(["base": "base"], right: [2], of: 10)] + grid
    let layout = TableLayout(
      numbers, table: try table("{rows: style, columns: heat, value: accuracy, relative-to: base}"))
    #expect(layout.columns == ["cold", "warm"])
    #expect(layout.rows.map(\.isBase) == [true, false, false])
    #expect(layout.rows[0].cells.map { $0?.mean } == [0.2, 0.2])
    for row in layout.rows { #expect(layout.reference(row: row, column: 1)?.mean == 0.2) }
  }

  @Test func aBaseThatDiffersAlongAColumnStandsInItsOwn() throws {
    let numbers =
      [
        measured(["heat": "cold", "base": "base"], right: [2], of: 10),
        measured(["heat": "warm", "base": "base"], right: [1], of: 10),
      ] + grid
    let one = TableLayout(numbers, table: try table("{rows: style, columns: heat, value: accuracy, relative-to: base}"))
    #expect(one.columns == ["cold", "warm"])
    #expect(one.rows.map(\.labels) == [[""], ["plain"], ["long"]])
    #expect(one.rows[0].cells.map { $0?.mean } == [0.2, 0.1])
    #expect(one.rows.map { one.reference(row: $0, column: 1)?.mean } == [0.1, 0.1, 0.1])
    // With both axes as columns, the base of an arm stands in every column of that arm.
    let both = TableLayout(numbers, table: try table("{columns: [heat, style], value: accuracy, relative-to: base}"))
    #expect(both.columns == ["cold/plain", "cold/long", "warm/plain", "warm/long"])
    #expect(both.rows.map { $0.cells.map { $0?.mean } } == [[0.2, 0.2, 0.1, 0.1], [0.4, 0.5, 0.3, 1]])
  }

  @Test func aBaseThatDiffersAlongARowHasARowForEachArm() throws {
    let numbers =
      [
        measured(["heat": "cold", "base": "base"], right: [2], of: 10),
        measured(["heat": "warm", "base": "base"], right: [1], of: 10),
        measured(["base": "base"], eval: "other", right: [7], of: 10),
      ] + grid
    let layout = TableLayout(numbers, table: try table("{rows: [heat, style], value: accuracy, relative-to: base}"))
    #expect(layout.rows.map { layout.reference(row: $0, column: 0)?.mean } == [0.2, 0.1, 0.2, 0.2, 0.1, 0.1])
    // Another eval's base, the same for all arms, stands beside each arm's.
    let all = TableLayout(numbers, table: nil)
    #expect(all.columns == ["accuracy", "other"])
    #expect(all.rows.prefix(2).map(\.labels) == [["cold", ""], ["warm", ""]])
    #expect(all.rows.filter(\.isBase).map { $0.cells.map { $0?.mean } } == [[0.2, 0.7], [0.1, 0.7]])
  }

  @Test func everyDataSetHasItsBase() throws {
    let numbers = [
      measured(["base": "base", "dataset": "a"], right: [1], of: 10),
      measured(["base": "base", "dataset": "b"], right: [2], of: 10),
      measured(["dataset": "a"], right: [3], of: 10), measured(["dataset": "b"], right: [6], of: 10),
    ]
    let layout = TableLayout(numbers, table: try table("{value: accuracy, relative-to: base}"))
    #expect(layout.rows.map { layout.reference(row: $0, column: 0)?.mean } == [0.1, 0.2, 0.1, 0.2])
    #expect(
      TableText(layout).aligned == """
        dataset       accuracy
        ───────  ─────────────
        a, base        10 ± 10
        b, base        20 ± 13
        a        30 ± 15 (+20)
        b        60 ± 16 (+40)
        """)
  }
}

@Suite struct TableTexts {
  private func text(_ spec: String?, _ numbers: [Measured] = grid) throws -> TableText {
    TableText(TableLayout(numbers, table: try spec.flatMap { try table($0) }))
  }

  @Test func alignedColumnsLineUp() throws {
    #expect(
      try text("{rows: style, columns: heat, value: accuracy, relative-to: plain}").aligned == """
        style           cold                 warm
        ─────  ─────────────  ───────────────────
        plain        40 ± 16              30 ± 15
        long   50 ± 17 (+10)  100.0 ± 0.0 (+70.0)
        """)
  }

  @Test func markdown() throws {
    #expect(
      try text("{rows: style, columns: heat, value: accuracy}", Array(grid[1...])).markdown == """
        | style |    cold |            warm |
        | ----- | ------: | --------------: |
        | long  | 50 ± 17 | **100.0 ± 0.0** |
        | plain |       – |         30 ± 15 |

        """)
    let odd = [measured(["heat": "a|b"], right: [1], of: 1)]
    #expect(try text(nil, odd).markdown.contains("| a\\|b |    100.0 |"))
    // Columns line up as a terminal shows them: a wide character takes two columns, a mark none.
    let wide = [measured(["heat": "漢字"], right: [1], of: 1), measured(["heat": "e\u{301}"], right: [0], of: 1)]
    #expect(
      try text(nil, wide).markdown == """
        | heat |  accuracy |
        | ---- | --------: |
        | 漢字 | **100.0** |
        | e\u{301}    |       0.0 |

        """)
  }

  @Test func latex() throws {
    let odd = [measured(["100% & $_{x}^~#\\": "a–b"], right: [1, 0], of: 4)]
    let found = try text(nil, odd).latex
    #expect(
      found == ##"""
        % Needs the packages booktabs and threeparttable.
        \begin{threeparttable}
        \begin{tabular}{lr}
        \toprule
        100\% \& \$\_\{x\}\textasciicircum{}\textasciitilde{}\#\textbackslash{} & accuracy \\
        \midrule
        a--b & 13 $\pm$ 18 \\
        \bottomrule
        \end{tabular}
        \begin{tablenotes}\footnotesize
        \item In percent; $\pm$ is the standard deviation over 2 seeds (an interval of 95\% for their mean is $\pm$ 9.0 times that, and holds less where fewer than five records are right, or wrong); records: 4.
        \end{tablenotes}
        \end{threeparttable}

        """##)
    // A mark on a special character does not hide it.
    #expect(try text(nil, [measured(["x": "&\u{301}"], right: [1], of: 1)]).latex.contains("\\&\u{301} & 100.0 "))
  }

  @Test func csv() {
    let numbers = [
      measured(["a,b": "say \"hi\""], right: [1, 3], of: 4),
      measured(["c": "two\nlines"], eval: "x", kind: "drift", right: [0], of: 1),
    ]
    #expect(
      TableText.csv(numbers) == """
        "a,b",c,eval,mean,spread,standard-error,records,seeds
        "say ""hi""\",,accuracy,0.5,0.3535533905932738,0.25,4,2
        ,"two
        lines",x,0.0,,,1,1

        """)
  }

  @Test func seedsGiveASpread() throws {
    let numbers = [measured(["heat": "cold"], right: [1, 2, 3], of: 4)]
    let text = try text(nil, numbers)
    #expect(text.aligned.hasSuffix("cold   50 ± 25"))
    #expect(
      text.legend
        == "In percent; ± is the standard deviation over 3 seeds (an interval of 95% for their mean is ± 2.5 times that, and holds less where fewer than five records are right, or wrong); records: 4."
    )
  }

  @Test func theLegendSaysWhatStandsThere() throws {
    let few = ", and holds less where fewer than five records are right, or wrong"
    #expect(try text(nil).legend == "In percent; ± is the standard error over records; records: 10.")
    let mixed = grid + [measured(["heat": "hot"], right: [1, 2], of: 4)]
    #expect(
      try text(nil, mixed).legend
        == "In percent; ± is the standard deviation over 2 seeds (an interval of 95% for their mean is ± 9.0 times that\(few)), for numbers of one seed (cold, warm) the standard error over records; records: 10 (cold, warm), 4 (hot)."
    )
    let several = grid + [measured(["heat": "cold"], eval: "drift", kind: "drift", right: [1], of: 5)]
    #expect(try text(nil, several).legend.hasSuffix("records: accuracy 10; drift 5."))
    let other = [measured(kind: "drift", right: [1], of: 1)]
    #expect(try text(nil, other).legend == "records: 1.")
    #expect(try text(nil, other).aligned == "     accuracy\n───  ────────\nall     1.000")
  }

  /// Behind a rule a bracket would begin the rule's option, behind a row the distance to the next one.
  @Test func noRowBeginsAnOptionOfLaTeX() throws {
    let latex = try text(nil, ["[a] x", "b [y]"].map { measured(["heat": $0], right: [1], of: 4) }).latex
    #expect(latex.contains("\n{}[a] x & ") && latex.contains("\nb [y] & "), "\(latex)")
  }

  @Test func nothingMeasuredIsADash() throws {
    let none = [Measured(eval: "p", kind: "perplexity", coordinates: [], inputs: [], seeds: [[]])]
    #expect(try text(nil, none).aligned == "     p\n───  ─\nall  –")
  }
}
