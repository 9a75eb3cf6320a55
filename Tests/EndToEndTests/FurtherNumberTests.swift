// TABLE.md beside a table of one eval: the other evals' numbers, once where the table's columns do not change them.

import Foundation
import Testing

@Suite struct FurtherNumberTables {
  @Test func otherEvalsStandBelowTheTable() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.extra = """
        text: {perplexity: {on: numbers/heldout, text: "{question}"}}
        again: {accuracy: {on: numbers/heldout, max-new-tokens: 4}}
      ablations:
        wording: {plain: {}, other: {datasets: {numbers: {prompt: "Say: {question}"}}}}
        heat: {greedy: {}, warm: {evals: {accuracy: {accuracy: {temperature: 2}}, again: {accuracy: {temperature: 2}}}}}
      table: {rows: wording, columns: heat, value: accuracy}
      """
    try experiment.write(to: space)
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let text = try space.read("results/small/TABLE.md")
    let parts = text.components(separatedBy: "\n## Further numbers\n\n")
    #expect(parts.count == 2, "\(text)")
    let tables = parts[1].components(separatedBy: "\n\n").filter { $0.hasPrefix("|") }
    #expect(tables.count == 2, "\(parts[1])")
    func labels(_ table: String) -> [[String]] {
      table.split(separator: "\n").filter { !$0.contains("---") }.map { row in
        row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      }
    }
    let cells = labels(tables[0])
    #expect(cells[0] == ["wording", "heat", "again"], "\(tables[0])")
    let places = cells.dropFirst().map { Array($0.prefix(2)) }
    #expect(places == [["plain", "greedy"], ["plain", "warm"], ["other", "greedy"], ["other", "warm"]])
    // Heat changes nothing of it.
    let once = labels(tables[1])
    #expect(once[0] == ["wording", "text"] && once.dropFirst().map { $0[0] } == ["plain", "other"], "\(tables[1])")
    #expect(!parts[0].contains("again"), "\(parts[0])")
  }

  @Test func aTableOfAllEvalsLeavesNothingOut() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.extra = "  text: {perplexity: {on: numbers/heldout, text: \"{question}\"}}"
    try experiment.write(to: space)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    #expect(try !space.read("results/small/TABLE.md").contains("Further numbers"))
  }
}
