// runner show: what a step made, in a form made for reading.

import ArgumentParser
import Diagnostics
import Digests
import JSON
import Records
import Storage

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what a stored step made: prompts, responses, pairs, a training's log, weights.",
    discussion: """
      Prompts, responses, pairs, judgments, rankings, outcomes and scores are shown record by record; a training's log as a
      table of its optimizer steps, with loss, margin and log-ratios; weights by kind of tensor, with the root mean square of
      their numbers. `runner store show` tells what a result was made of, and `runner store cat` gives its bytes to programs.

      Examples:
        runner show "split counting" heldout --first 5
        runner show "generate counting/heldout, greedy" --record 1f0c
        runner show 1b64a587
        runner show 1b64a587 weights
      """)

  @Argument(help: "A step's label as `plan` shows it, its key, or the beginning of the key.") var step: String
  @Argument(help: "The name of the step's output; default: what it is run for.") var output: String?
  @Option(help: "How many records are shown.") var first = 3
  @Option(help: ArgumentHelp("Show this record alone.", valueName: "id or number")) var record: String?
  @OptionGroup var storage: StorePathOptions

  /// What steps are run for; of one that has none of these, all records.
  private static let principal = [
    "prompts", "responses", "feedback", "examples", "outcomes", "scores", "log", "records", "table", "weights", "file",
  ]

  func validate() throws {
    guard first >= 1 else { throw ValidationError("--first must be at least 1.") }
  }

  func run() throws {
    let store = try storage.open(.readOnly)
    let key = try StoreNames(store: store).requiredStep(step)
    guard let result = try store.result(for: key) else {
      throw StoreNameFault.unknown(name: step, what: "step result")
    }
    let shown = try chosen(of: result, key)
    let label = result.provenance["label"]?.stringValue ?? result.kind
    Output.line("\(label)  \(key.short)  \(result.provenance["time"]?.stringValue ?? "")".showingControls)
    for output in shown {
      let form = OutputForm(try store.read(output.digest), isData: ["ingest", "split", "take"].contains(result.kind))
      let count = output.recordCount.map { ", \($0) records" } ?? ""
      Output.line("\n── \(output.name), \(ByteCount.text(output.byteCount))\(count)")
      for line in try form.lines(first: first, record: record) { Output.line(line) }
    }
    let others = result.outputs.filter { other in !shown.contains { $0.name == other.name } }.map(\.name)
    if !others.isEmpty { Output.line("\nOther outputs: \(others.joined(separator: ", "))") }
  }

  private func chosen(of result: StepResult, _ key: Digest) throws -> [StepResult.Output] {
    let names = result.outputs.map(\.name)
    if let output {
      guard let found = result.outputs.first(where: { $0.name == output }) else {
        throw StoreNameFault.noOutput(name: output, step: key, known: names)
      }
      return [found]
    }
    if let main = Self.principal.first(where: { names.contains($0) }) {
      return result.outputs.filter { $0.name == main || main == "log" && $0.name == "summary" }
    }
    return result.outputs.filter { $0.recordCount != nil }
  }
}
