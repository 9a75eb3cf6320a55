// runner reproduce: numbers of checked-in results, computed again with all that they rest on.

import ArgumentParser
import Diagnostics
import Digests
import Execution
import JSON
import Planning
import Records
import Reporting
import Specification
import Steps
import Storage

struct ReproduceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "reproduce", "Compute numbers of checked-in results again, and compare.",
    takes: "<results> [<options>]",
    discussion: """
      Takes the spec of a folder of results, computes the numbers of the named cells with everything that they rest on, \
      trainings and generations too, in a store that is empty at first, and holds every step's outputs against lock.json \
      and the numbers against table.json. Models and data come from --mirror folders or the places that the spec names.

      Without --cell, as many cells as --choose says are drawn by --draw: the same number draws the same cells. With \
      --budget, no further number is begun once the time is over; what was not reached is told.

      Exit code 0: every number came out again. Exit code 2: one did not; the first step that went another way is named. \
      Results of `arithmetic: openblas` differ between hosts: they are judged by the errors of both numbers.
      """,
    examples: [
      "runner reproduce results/quickstart/prompts",
      "runner reproduce results/quickstart/training --cell judge/SFT --eval accuracy",
      "runner reproduce results/quickstart/training --choose 12 --draw 7 --budget 15m",
    ])

  @Argument(help: ArgumentHelp("A folder of results.", valueName: "results"), completion: .directory)
  var results: String
  @Option(help: "A cell as tables name it, such as judge/DPO; repeatable.", completion: NumberNames.cells)
  var cell: [String] = []
  @Option(help: "Only the numbers of this eval.", completion: NumberNames.evals) var eval: String?
  @Option(help: "Without --cell: how many cells are drawn.") var choose = 1
  @Option(help: "Without --cell: the number that draws.") var draw = 1
  @Option(help: ArgumentHelp("The time after which nothing is begun, such as 90s, 15m or 2h.", valueName: "time"))
  var budget: TimeBudget?
  @Option(
    help: ArgumentHelp("The spec; default: experiments/NAME.yaml beside the folder `results`.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var spec: String?
  @Flag(help: "Take what the store has instead of computing everything.") var trustStore = false
  @OptionGroup var storage: StoreOptions
  @OptionGroup var compute: ComputeOptions
  @Flag(help: "Write events as JSON lines.") var json = false

  func validate() throws {
    guard choose >= 1 else { throw ValidationError("--choose must be at least 1.") }
  }

  func run() async throws {
    Interrupt.listen()
    let result = try CheckedInResult(folder: results)
    let path = spec ?? result.usualSpec
    var options = SpecOptions()
    options.specs = [path]
    options.sets = []
    let session = try Session(options)
    let experiment = try session.experiment(of: path)
    let home = try Store(at: storage.storePath, mode: .create)
    let scratch = trustStore ? nil : try ScratchStore(in: home.scratchFolder, for: "reproduce")
    defer { scratch?.remove() }
    let store = scratch?.store ?? home
    let leases = LeaseKeeper(run: Provenance.runName, store: store)
    defer { leases.end() }
    Heartbeat.start(leases)
    let reproduction = Reproduction(
      result: result, session: session, experiment: experiment, store: store,
      executor: executor(store, leases, spec: path))
    try await run(try chosen(from: reproduction.numbers), reproduction, spec: path)
  }

  private func run(_ numbers: [TracedNumber], _ reproduction: Reproduction, spec: String) async throws {
    tellBeginning(numbers, reproduction, spec: spec)
    let clock = ContinuousClock()
    let began = clock.now
    var reproduced: [ReproducedNumber] = []
    for number in numbers {
      if let budget, !reproduced.isEmpty, began.duration(to: clock.now) / .seconds(1) >= budget.seconds { break }
      let found = try await reproduction.run(number, named: "\(Provenance.runName)-\(reproduced.count)")
      tell(found)
      reproduced.append(found)
    }
    tellEnd(reproduced, of: numbers)
    let bad = reproduced.filter { !$0.verdict.isGood }
    if !bad.isEmpty { throw ReproductionFault.differs(bad.map(\.number.title), results: reproduction.result.folder) }
  }

  private func executor(_ store: Store, _ leases: LeaseKeeper, spec: String) -> Executor {
    let clock = ContinuousClock()
    let origin = clock.now
    let view = RunViews.chosen(json: json)
    let engine = StepEngine(
      workers: compute.workerCount, batch: compute.batch, mirrors: storage.allMirrors, scratch: store.scratchFolder)
    return Executor(
      store: store, runner: engine, cancellation: Interrupt.cancellation,
      now: { origin.duration(to: clock.now) / .seconds(1) }, provenance: { Provenance.facts },
      runFacts: Provenance.runFacts(specs: [spec]), leases: leases, observe: view.show)
  }

  // MARK: - Which numbers

  /// The numbers of the cells that are named or drawn, cell by cell.
  private func chosen(from all: [TracedNumber]) throws -> [TracedNumber] {
    var numbers = all
    if let eval {
      let known = all.map(\.measured.eval).distinct
      numbers = all.filter { $0.measured.eval == eval }
      if numbers.isEmpty { throw CommandError.unknownName(what: "eval", name: eval, known: known) }
    }
    let known = numbers.map(\.cell).distinct
    for name in cell where !known.contains(name) {
      throw CommandError.unknownName(what: "cell", name: name, known: known)
    }
    // A digest orders the cells as if by chance, and the same everywhere.
    let drawn = known.sorted { Digest.sha256("\(draw)/\($0)") < Digest.sha256("\(draw)/\($1)") }
    let cells = cell.isEmpty ? Array(drawn.prefix(choose)) : cell.distinct
    return cells.flatMap { name in numbers.filter { $0.cell == name } }
  }

  // MARK: - What is told

  private func tellBeginning(_ numbers: [TracedNumber], _ reproduction: Reproduction, spec: String) {
    let cells = numbers.map(\.cell).distinct
    let classes = [reproduction.result.arithmetic, reproduction.arithmetic].distinct
    let isOrdered = classes == ["ordered"]
    if json {
      Output.json(
        .members([
          "event": "reproducing", "results": .string(reproduction.result.folder), "spec": .string(spec),
          "cells": .array(cells.map { .string($0) }), "numbers": .integer(Int64(numbers.count)),
          "judged": isOrdered ? "by bytes" : "by errors",
        ]))
      return
    }
    let names = cells.map { $0.isEmpty ? "the only cell" : $0 }.joined(separator: ", ")
    Output.line(
      "\(reproduction.result.folder) from \(spec): \(numbers.count) number\(numbers.count == 1 ? "" : "s") of \(names), "
        + (trustStore ? "with what the store has" : "in an empty store"))
    if !isOrdered {
      Output.line(
        "Arithmetic \(classes.joined(separator: " and ")): judged by the errors of the numbers, not by bytes.")
    }
  }

  private func tell(_ found: ReproducedNumber) {
    if json {
      Output.json(
        .members([
          "event": "reproduced", "cell": .string(found.number.cell), "eval": .string(found.number.measured.eval),
          "verdict": .string(found.verdict.words.lowercased()), "equal": .bool(found.verdict == .sameBytes),
          "before": found.before?.mean.map { .number($0) } ?? .null,
          "now": found.now.measured.mean.map { .number($0) } ?? .null,
          "first-difference": found.firstDifference.map { .string($0) } ?? .null,
          "computed": .integer(Int64(found.computed)), "seconds": .number(found.seconds),
        ]))
      return
    }
    let before = found.before?.measured.shown ?? "nothing"
    Output.line(
      "\(found.number.title): \(before) in the results, \(found.now.measured.shown) now: \(found.verdict.words) "
        + "(\(found.computed) steps computed in \(NumberFormat.fixed(found.seconds, decimals: 1)) s)")
    if found.verdict != .sameBytes, let difference = found.firstDifference {
      Output.line("  first difference: \(difference)")
    }
  }

  private func tellEnd(_ reproduced: [ReproducedNumber], of numbers: [TracedNumber]) {
    let left = numbers.dropFirst(reproduced.count)
    if json || left.isEmpty { return }
    Output.line("Not reached in the time: \(left.map(\.title).joined(separator: "; ")).")
  }
}

/// A time as people write it: `90s`, `15m`, `2h`.
struct TimeBudget: ExpressibleByArgument, Hashable {
  let seconds: Double

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    guard let last = argument.last, let unit = units[last], let count = Double(argument.dropLast()), count > 0,
      count.isFinite
    else { return nil }
    seconds = count * unit
  }
}

/// Why results cannot be called reproduced.
enum ReproductionFault: DiagnosableError, Hashable {
  /// Numbers that came out otherwise.
  case differs([String], results: String)

  var diagnoses: [Diagnosis] {
    switch self {
    case .differs(let numbers, let results):
      [
        Diagnosis(
          "reproduce.differs", "\(results): \(numbers.count) number\(numbers.count == 1 ? "" : "s") came out otherwise",
          notes: numbers,
          remedy: "If the spec or the program was changed on purpose, `runner exec` writes the results anew.",
          exit: .claimFailed)
      ]
    }
  }
}

extension Measured {
  /// The number as a table has it, or that its training diverged.
  fileprivate var shown: String { divergence ?? text }
}
