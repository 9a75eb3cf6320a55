// runner diff: two experiments, by what their specs mean, by their plans, and number by number.

import ArgumentParser
import Diagnostics
import Digests
import JSON
import Planning
import Records
import Reporting
import Specification
import Storage

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    "diff", "Compare two experiments: where their plans part, and their numbers. Runs nothing.",
    takes: "<first> <second> [<options>]",
    discussion: """
      Numbers with the same eval and coordinates are compared. With two seeds or more on both sides by Welch's t test of \
      the seeds' means, which speaks of methods; otherwise over the records that both measured, which speaks of these \
      runs: McNemar's exact test where records are right or wrong, else a t test, and the interval of a paired bootstrap. Of outcomes \
      that are not in the store only the numbers are shown. P-values are Holm's over all rows. `±` is what such a sample finds four \
      times in five.
      """,
    examples: [
      "runner diff experiments/a.yaml experiments/b.yaml",
      "runner diff results/a results/b/table.json",
      "runner diff experiments/a.yaml experiments/b.yaml --records 3",
    ])

  @Argument(help: "A spec, a folder of results, or a table.json.", completion: .file()) var first: String
  @Argument(help: "What it is compared with.", completion: .file()) var second: String
  @OptionGroup var storage: StorePathOptions
  @Option(help: "Folder of results of specs whose outcomes are not stored.", completion: .directory)
  var results = "results"
  @Option(help: "Show so many records of each number on which the two differ, with prompt and responses.")
  var records = 0
  @Flag(help: "Write the comparison as JSON.") var json = false

  func validate() throws {
    guard records >= 0 else { throw ValidationError("--records must be at least 0.") }
  }

  func run() throws {
    let store = try Store(at: storage.path, mode: .readOnlyIfPresent)
    let (sides, session) = try NamedResults.all([first, second], in: store, results: results)
    var comparison: TableComparison?
    if let first = sides[0].table, let second = sides[1].table {
      comparison = TableComparison(first, second) { store.outcomes($0) }
    }
    let report = DiffReport(
      sides: sides, plans: plans(sides, session), comparison: comparison,
      differing: comparison.map { DifferingRecords($0, in: store, most: records) })
    if json { Output.json(report.json) } else { for line in report.lines { Output.line(line) } }
  }

  private func plans(_ sides: [NamedResults], _ session: Session?) -> PlanDifference? {
    guard let session, let one = sides[0].experiment, let other = sides[1].experiment else { return nil }
    func steps(_ experiment: PlannedExperiment) -> Set<StepID> {
      Set(session.graph.restricted(to: Set([experiment.table] + experiment.wanted)).steps.map(\.id))
        .subtracting([experiment.table])
    }
    return PlanDifference(session.graph, first: steps(one), second: steps(other))
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
