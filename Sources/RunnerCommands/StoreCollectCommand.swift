// runner store gc: frees what no spec, no result and no pin needs.

import ArgumentParser
import Diagnostics
import JSON
import Storage

struct StoreCollectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store gc", "Free what no spec, no result and no pin needs.",
    takes: "[--keep <specs> ...] [<options>]",
    discussion: """
      Kept is what the plans of the specs given with --keep reach, what the lock.json files below --results name, what \
      was pinned, all that these were made from, and whatever was written or used within the grace period. It may run \
      beside other runs: what a run at work counts on stays, and so do for a day, whatever --grace says, the unfinished \
      files of runs that were killed. --dry-run shows what would go and changes nothing.
      """,
    examples: [
      "runner store gc --dry-run",
      "runner store gc --keep experiments/a.yaml experiments/b.yaml",
      "runner store gc --results results --grace 2d",
    ])
  @Option(
    parsing: .upToNextOption, help: "Specs whose results are kept.", completion: .file(extensions: ["yaml", "yml"]))
  var keep: [String] = []
  @Option(
    help: "Folder of result tables whose lock.json files are kept for (default: results, if it is there).",
    completion: .directory)
  var results: String?
  @Option(help: ArgumentHelp("How long ago something must have been used to go.", valueName: "14d"))
  var grace: Grace = Grace(seconds: 14 * 86_400)
  @OptionGroup var storage: StorePathOptions
  @Flag(help: "Show what would go, and why the rest stays.") var dryRun = false
  @Flag(help: "Write what goes, file by file, and what stays as JSON.") var json = false

  func run() async throws {
    let store = try storage.open(dryRun ? .readOnly : .existing)
    var roots: [StoreRoot] = []
    for spec in keep { roots.append(try StoreRoots(store: store).root(of: SpecOptions.of(spec)).root) }
    roots += try StoreRoots.roots(ofResultsIn: results ?? "results", mustBeThere: results != nil)
    if roots.isEmpty, try store.pins().isEmpty { throw NothingKept(results: results ?? "results") }
    let plan = try store.collection(keeping: roots, grace: grace.microseconds)
    let gone = dryRun ? plan.files : try store.collect(plan)
    if json {
      Output.json(value(plan, gone))
    } else {
      for line in lines(plan, gone) { Output.line(line) }
    }
  }

  private func lines(_ plan: CollectionPlan, _ gone: [Collectable]) -> [String] {
    let bytes = ByteCount.text(gone.reduce(0) { $0 + $1.byteCount })
    var lines = [
      "\(dryRun ? "Would free" : "Freed") \(gone.count) file\(gone.count == 1 ? "" : "s"), \(bytes)\(gone.isEmpty ? "." : ":")"
    ]
    var table = TextTable(numbers: [0, 1])
    for (what, files) in Dictionary(grouping: gone, by: \.what).sorted(by: { $0.key < $1.key }) {
      table.add(["\(files.count)", ByteCount.text(files.reduce(0) { $0 + $1.byteCount }), what])
    }
    lines += table.lines(indent: 2)
    let spared = plan.files.count - gone.count
    if spared > 0 { lines.append("\(spared) more were used by another run meanwhile and stay.") }
    lines.append("Kept:")
    var kept = TextTable(numbers: [0, 1])
    for reason in plan.kept {
      kept.add(["\(reason.files)", ByteCount.text(reason.byteCount), reason.reason])
    }
    return lines + kept.lines(indent: 2)
  }

  private func value(_ plan: CollectionPlan, _ gone: [Collectable]) -> JSONValue {
    .members([
      "event": "store-collected", "dry-run": .bool(dryRun),
      "bytes": .integer(Int64(gone.reduce(0) { $0 + $1.byteCount })),
      "freed": .array(
        gone.map {
          .members([
            "path": .string($0.path), "what": .string($0.what), "bytes": .integer(Int64($0.byteCount)),
          ])
        }),
      "kept": .array(
        plan.kept.map {
          .members([
            "reason": .string($0.reason), "files": .integer(Int64($0.files)), "bytes": .integer(Int64($0.byteCount)),
          ])
        }),
    ])
  }
}

/// A time that passes: `14d`, `36h`, `90m`, `30s`, or `0`.
struct Grace: ExpressibleByArgument {
  let seconds: Int

  init(seconds: Int) { self.seconds = seconds }

  init?(argument: String) {
    let units: [Character: Int] = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
    guard let last = argument.last else { return nil }
    let unit = units[last]
    guard let number = Int(unit == nil ? argument[...] : argument.dropLast()), number >= 0, number <= 100_000,
      unit != nil || number == 0
    else { return nil }
    seconds = number * (unit ?? 1)
  }

  var microseconds: Int64 { Int64(seconds) * 1_000_000 }
  var defaultValueDescription: String { "\(seconds / 86_400)d" }
}

/// Collection was asked for, and nothing says what to keep.
struct NothingKept: DiagnosableError, Hashable {
  let results: String

  var diagnoses: [Diagnosis] {
    [
      Diagnosis(
        "store.nothing-kept", "nothing says what to keep: no --keep, no lock.json below \(results), no pin",
        remedy: "Name specs with --keep, or a folder of results with --results; "
          + "to begin with nothing, give --store another folder.",
        exit: .usage)
    ]
  }
}

extension SpecOptions {
  /// One spec as it is.
  static func of(_ spec: String) -> SpecOptions {
    var options = SpecOptions()
    options.specs = [spec]
    options.sets = []
    return options
  }
}
