// runner diff: two experiments, by what their specs mean, by their plans, and number by number.

import ArgumentParser
import Diagnostics
import Digests
import JSON
import Records
import Storage

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    "diff", "Compare two experiments: specs, plans and numbers. Runs nothing.",
    takes: "<first> [<second>] [<options>]",
    discussion: """
      Each side is a spec, a folder of results, a table.json or table.csv, or a run of `exec` as `runner runs` lists it (its \
      name, the beginning of it, or `last`), in any mix.

      Specs are compared by what they mean: every setting with what is inherited, ablations and defaults, and where it is \
      written. Key order, comments, aliases, 1e-3 for 0.001, defaults that are written and descriptions are no difference. \
      Plans: the steps in common and where they part. Of results without a spec, the keys of their steps.

      Numbers with the same eval and coordinates are compared. With two seeds or more on both sides by Welch's t test of \
      the seeds' means, and beside the model before training, which seeds do not vary, by a t test of the differences from its one number: both speak of methods. \
      Otherwise, and where seeds all come to one number, over their records, which speaks of these \
      runs and takes the same records on both sides: McNemar's exact test and Tango's interval where records are right or wrong, else a t test and the interval of a paired bootstrap. \
      What cannot be tested is undecided, with the reason; a training that diverged has no number. P-values are Holm's over \
      all rows. `±` is what such a sample finds four times in five, at best. The exit code is 0 whatever differs.

      With --cells two cells are compared, eval by eval, each as tables name it; both are of the first side if no second one \
      is named. Of specs and plans nothing is told then.

      A run is compared by its journal: what it was asked to do, the specs as they stood then, the steps that it computed, \
      and the numbers that it came to, as far as they are stored.
      """,
    examples: [
      "runner diff experiments/a.yaml experiments/b.yaml",
      "runner diff results/a results/b/table.json",
      "runner diff experiments/a.yaml experiments/b.yaml --records 3",
      "runner diff results/a --cells CLAIR/DPO judge/DPO --records 3",
      "runner diff 20261122T0257 last",
      "runner diff results/a experiments/a.yaml --md > comparison.md",
    ])

  @Argument(help: "A spec, a folder of results, a table.json or table.csv, or a run.", completion: .file())
  var first: String
  @Argument(help: "What it is compared with.", completion: .file()) var second: String?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Compare this cell of the first with that cell of the second.", valueName: "cell"),
    completion: NumberNames.cells)
  var cells: [String] = []
  @OptionGroup var storage: StorePathOptions
  @Option(help: "Folder of results of specs whose outcomes are not stored.", completion: .directory)
  var results = "results"
  @Option(help: "Show so many records of each number on which the two differ, with prompt and responses.")
  var records = 0
  @Flag(help: "Write the comparison as JSON.") var json = false
  @Flag(name: .customLong("md"), help: "Write it as Markdown, for a pull request.") var markdown = false

  func validate() throws {
    guard records >= 0 else { throw ValidationError("--records must be at least 0.") }
    guard cells.isEmpty || cells.count == 2 else {
      throw ValidationError("--cells takes two cells, as tables name them; there are \(cells.count).")
    }
    if second == nil, cells.isEmpty {
      throw ValidationError("Name what \(first) is compared with, or two cells of it with --cells.")
    }
    if json, markdown { throw ValidationError("--json and --md cannot be given together.") }
  }

  func run() throws {
    let store = try Store(at: storage.path, mode: .readOnlyIfPresent)
    var sides = try DiffSides((first, second ?? first), in: store, results: results)
    if cells.count == 2 { sides = try sides.narrowed(to: (cells[0], cells[1])) }
    let report = DiffReport(sides, in: store, records: records)
    if json { return Output.json(report.json) }
    if markdown { return Output.verbatim(report.document.markdown) }
    for line in report.lines { Output.line(line) }
  }
}

extension Store {
  /// The records of an outcomes object; nil if it is not there.
  func outcomes(_ digest: Digest) -> [Outcomes]? {
    (try? read(digest)).flatMap { try? RecordFile.records(Outcomes.self, from: $0, file: "outcomes") }
  }

  /// Makes something of outcomes; what of them is gone or damaged is thrown, so that whoever can computes it again.
  ///
  /// - Parameter make: Takes what gives the records of an outcomes object.
  /// - Returns: What was made.
  /// - Throws: ``StorageError`` for outcomes that cannot be read, or what `make` throws.
  func withOutcomes<Made>(_ make: ((Digest) -> [Outcomes]?) throws -> Made) throws -> Made {
    var fault: StorageError?
    let made = try make { digest in
      do {
        return try RecordFile.records(Outcomes.self, from: read(digest), file: "outcomes")
      } catch let error as StorageError {
        fault = fault ?? error
      } catch {
        // What is no file of outcomes gives none; nothing can be compared with it.
      }
      return nil
    }
    if let fault { throw fault }
    return made
  }
}
