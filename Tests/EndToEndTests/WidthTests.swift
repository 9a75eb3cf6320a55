// What the program writes fits terminals from 60 columns on; pipes and files get whole lines and no colors.

import Diagnostics
import Foundation
import Testing

@Suite struct Widths {
  /// An experiment with names that are too long for a narrow terminal.
  private static func experiment() -> SmallTraining {
    var training = SmallTraining()
    training.evals = SmallTraining.allEvals
    training.extra = """
      ablations:
        a rather long name of an axis:
          the first arm, which says at length what it is about: {}
          the second arm, which says at length what it is about, too: {objective: {apo-zero: {beta: 0.5}}}
      """
    return training
  }

  @Test func listsFit() throws {
    let space = try TestSpace()
    try Self.experiment().write(to: space)
    let run = try space.runInTerminal(columns: 60, ["exec", "small.yaml"])
    #expect(run.exitCode == 0, "\(run.text)")
    for arguments in [
      ["plan", "small.yaml"], ["runs"], ["runs", "last"], ["store", "ls"], ["store", "stats"], ["store", "verify"],
      ["show", "small.yaml"], ["plan", "small.yaml", "--set", "hyperparameters.epochs=3"],
    ] {
      for columns in [60, 80] {
        let narrow = try space.runInTerminal(columns: columns, arguments)
        #expect(narrow.exitCode == 0, "\(narrow.text)")
        #expect(narrow.lines.count > 3, "\(arguments): \(narrow.text)")
        for line in narrow.lines {
          // What a run is called by its facts is prose, and so is what a plan says of steps; both break at the edge.
          #expect(line.terminalColumns <= columns || arguments == ["runs", "last"], "\(arguments): \(line)")
        }
      }
    }
  }

  /// What is wrong is told between words, too; the line of the spec with its caret stays as it is.
  @Test func faultsFit() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.evalName = "accuracy of answers"
    experiment.verifier = "nmber"
    try experiment.write(to: space)
    for arguments in [["plan", "small.yaml"], ["plan", "no/such/file/of/this/name.yaml"], ["table", "nothing.yaml"]] {
      let told = try space.runInTerminal(columns: 60, arguments)
      #expect(told.exitCode != 0 && told.text.contains("error:"), "\(told.text)")
      for line in told.lines where !line.contains(" | ") {
        #expect(line.terminalColumns <= 60, "\(arguments): \(line)")
      }
    }
  }

  @Test func proseBreaksBetweenWords() throws {
    let space = try TestSpace()
    #expect(try space.exec(Self.experiment()).exitCode == 0)
    let cell = "the first arm, which says at length what it is about"
    for arguments in [
      ["table", "small.yaml"], ["trace", "small.yaml", "--cell", cell, "--eval", "accuracy"],
      ["diff", "small.yaml", "results/small"], ["explain", "generate numbers/heldout, greedy", "small.yaml"],
      ["runs", "last"],
    ] {
      let narrow = try space.runInTerminal(columns: 60, arguments)
      let wide = try space.run(arguments)
      #expect(narrow.exitCode == wide.exitCode && narrow.lines.count > 3, "\(narrow.text)")
      // A word alone that is wider, as a path may be, stands whole.
      let words = narrow.lines.filter { $0.trimmingCharacters(in: .whitespaces).contains(" ") }
      for line in words { #expect(line.terminalColumns <= 60, "\(arguments): \(line)") }
      #expect(wide.output.split(separator: "\n").contains { String($0).terminalColumns > 60 }, "\(arguments)")
    }
    // What other programs read stays as it is.
    let json = try space.runInTerminal(columns: 60, ["table", "small.yaml", "--format", "json"])
    #expect(try json.text == space.run(["table", "small.yaml", "--format", "json"]).output)
  }

  @Test func namesAndNumbersStayWhole() throws {
    let space = try TestSpace()
    #expect(try space.exec(Self.experiment()).exitCode == 0)
    let wide = try space.run(["store", "ls"]).output.split(separator: "\n").map(String.init)
    let narrow = try space.runInTerminal(columns: 60, ["store", "ls"])
    #expect(wide.contains { $0.count > 80 } && narrow.text.contains("…"), "\(narrow.text)")
    for line in wide {
      let cells = line.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
      #expect(narrow.lines.contains { own in cells.prefix(3).allSatisfy { own.contains($0) } }, "\(line)")
    }
  }

  @Test func tablesOfResultsFit() throws {
    let space = try TestSpace()
    #expect(try space.exec(Self.experiment()).exitCode == 0)
    let wide = try space.run(["table", "small.yaml"], environment: ["COLUMNS": "60"])
    let widest = wide.output.split(separator: "\n").prefix(4).map { String($0).terminalColumns }.max() ?? 0
    #expect(widest > 120 && !wide.output.contains("…") && !wide.output.contains("\u{1B}"), "\(wide.output)")
    for columns in [60, 80] {
      let narrow = try space.runInTerminal(columns: columns, ["table", "small.yaml"])
      let rows = narrow.lines.filter { $0.hasPrefix("the ") || $0.hasPrefix("base") || $0.hasPrefix("─") }
      #expect(rows.count > 4 && narrow.text.contains("…"), "\(narrow.text)")
      for row in rows { #expect(row.terminalColumns <= columns, "\(row)") }
      // Every number of the wide table is there.
      for number in wide.output.matches(of: #/\d+\.\d+ ± \d+\.\d+/#) {
        #expect(narrow.lines.contains { $0.contains(number.output) }, "\(number.output)")
      }
    }
  }

  @Test func theLiveLineStaysInOneLine() throws {
    let space = try TestSpace()
    try Self.experiment().write(to: space)
    let run = try space.runInTerminal(columns: 60, ["exec", "small.yaml"])
    let pieces = run.text.split(separator: "\r\u{1B}[K").map(String.init).filter { !$0.contains("\n") }
    #expect(pieces.contains { $0.contains("…") }, "\(run.text)")
    for piece in pieces { #expect(piece.terminalColumns < 60, "\(piece)") }
  }

  @Test func columnsComeFromTheVariableFirst() throws {
    let space = try TestSpace()
    #expect(try space.exec(Self.experiment()).exitCode == 0)
    let told = try space.runInTerminal(columns: 60, ["store", "ls"], environment: ["COLUMNS": "200"])
    let wide = try space.run(["store", "ls"])
    #expect(told.text == wide.output, "\(told.text)")
    let help = try space.runInTerminal(columns: 60, ["exec", "--help"])
    #expect(help.lines.allSatisfy { $0.terminalColumns <= 60 } && help.text.contains("Examples:"), "\(help.text)")
  }

  @Test func pipesHaveNoColors() throws {
    let space = try TestSpace()
    try Self.experiment().write(to: space)
    for arguments in [["plan"], ["preview"], ["validate"], ["exec"], ["plan"], ["table"], ["report"]] {
      let outcome = try space.run(arguments + ["small.yaml"], environment: ["TERM": "xterm-256color", "COLUMNS": "60"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(!outcome.output.contains("\u{1B}") && !outcome.errors.contains("\u{1B}"), "\(arguments)")
    }
    let colored = try space.runInTerminal(columns: 80, ["plan", "small.yaml"])
    #expect(colored.text.contains("\u{1B}["), "\(colored.text)")
    let plain = try space.runInTerminal(columns: 80, ["plan", "small.yaml"], environment: ["NO_COLOR": "1"])
    #expect(!plain.text.contains("\u{1B}["), "\(plain.text)")
  }
}
