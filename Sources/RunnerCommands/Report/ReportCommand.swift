// runner report: everything that is known of experiments as one page that a browser shows without anything else.

import ArgumentParser
import Diagnostics
import FoundationEssentials
import JSON
import Pages
import Storage

struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "report", "Write one HTML page about stored experiments. Trains nothing.",
    takes: "<experiments> ... [<options>]",
    discussion: """
      The page has the table with its errors and tested differences, claims with their verdicts, learning curves and \
      likelihood traces with the seeds as a band, the counts of every stage, examples with the words that revisions \
      changed, answers of all cells to the same prompts, for CUT the tokens colored by detection ratio, the plan as a \
      picture, and what everything took. It needs no network, no script and no other file, follows light and dark, and \
      prints. The same store and specs give the same bytes.

      Of a spec its stored results are shown. Of a table over several experiments the page has the table with published \
      numbers and claims, then each of its experiments; what these have in common is shown with the first. A \
      folder of results is shown by its own numbers, with whatever the store has of the steps behind them. Where a cell \
      learns by CUT, the model reads the judged responses that are shown; nothing else is computed, and --examples 0 \
      leaves it out.
      """,
    examples: [
      "runner report experiments/prompts/counting.yaml",
      "runner report experiments/quickstart/*.yaml -o quickstart.html",
      "runner report papers/table.yaml -o table.html",
      "runner report results/prompts/counting --relative-to \"one number\" -o counting.html",
    ])

  @Argument(help: "Specs of experiments or of tables over several, or folders of results.", completion: .file())
  var experiments: [String]
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file; default: the name of the experiment or the table with `-` for `/`, or report.html for several.",
      valueName: "file"),
    completion: .file(extensions: ["html"]))
  var output: String?
  @Option(help: "`base`, or a row by its labels joined by `/`: show each number's difference from it.")
  var relativeTo: String?
  @Option(help: "How many records of each kind are shown.") var examples = 3
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
  @OptionGroup var storage: StorePathOptions
  @Flag(help: "Report what `exec --smoke` ran.") var smoke = false
  @Flag(help: "Write what was written as JSON.") var json = false

  func validate() throws {
    guard !experiments.isEmpty else { throw ValidationError("Name a spec or a folder of results.") }
    guard (0...100).contains(examples) else { throw ValidationError("--examples must be between 0 and 100.") }
    if output == "" { throw ValidationError("--output must name a file.") }
  }

  func run() async throws {
    Interrupt.listen()
    let store = try Store.telling(at: storage.path, mode: .readOnlyIfPresent)
    let subjects = try ReportSubjects(experiments, sets: sets, smoke: smoke, in: store, command: command)
    let tables = try subjects.tables.map { table in
      try TableGathering(table, subjects.experiments).part(relativeTo: relativeTo) { store.outcomes($0) }
    }
    var parts: [ReportedExperiment] = []
    for (index, subject) in subjects.experiments.enumerated() {
      // Where there is a table, its rows are meant.
      let gathering = ReportGathering(
        subject, after: Array(subjects.experiments[..<index]), examples: examples,
        relativeTo: tables.isEmpty ? relativeTo : nil)
      parts.append(try await gathering.part)
    }
    let page = ReportPage(parts, tables: tables, program: "runner \(Version.text)")
    try write(Array(page.html.utf8), to: output ?? Self.fileName(of: subjects))
  }

  /// What stores a spec's results.
  private func command(_ spec: String) -> String {
    (["runner exec \(ShellWord.quoted(spec))"] + sets.map { "--set \(ShellWord.quoted($0))" }
      + (storage.store.map { ["--store \(ShellWord.quoted($0))"] } ?? []) + (smoke ? ["--smoke"] : []))
      .joined(separator: " ")
  }

  private static func fileName(of subjects: ReportSubjects) -> String {
    let names = subjects.tables.isEmpty ? subjects.experiments.map(\.name) : subjects.tables.map(\.name)
    guard names.count == 1, let name = names.first else { return "report.html" }
    return name.replacing("/", with: "-") + ".html"
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    do {
      try Data(bytes).write(
        to: URL(fileURLWithPath: path), options: OutputPath.isReplaceable(path) ? .atomic : [])
    } catch {
      throw CommandError.unwritable(path: path, reason: SystemReason.text(of: error, at: path))
    }
    if json {
      Output.json(
        .members(["event": "reported", "into": .string(path), "bytes": .integer(Int64(bytes.count))]))
    } else {
      Output.line("\(path): \(ByteCount.text(bytes.count))")
    }
  }
}
