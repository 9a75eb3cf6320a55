// A number of an experiment's table, found by its cell and its eval, with the outputs that its outcomes stand in.
// Knows what is measured where; how the outcomes were made is another file's.

import Diagnostics
import Digests
import Execution
import Planning
import Records
import Reporting
import Specification
import Steps

/// What names a number on the command line.
struct NumberChoice {
  /// The cell as tables call it; nil for the only one.
  let cell: String?
  /// The eval; nil for the one that the table shows.
  let eval: String?
  /// The seed that is followed; nil for the first.
  let seed: String?
}

/// A number with what it was measured on.
struct TracedNumber {
  /// The outcomes of one seed.
  struct Source: Hashable {
    /// The seed; nil where the number has none.
    let seed: String?
    let outcomes: OutputReference
  }

  let measured: Measured
  /// One for each seed, or for each part of the data that is pooled.
  let sources: [Source]

  /// The cell as tables call it: arms joined by `/`, `base` for the model before training; empty for the only one.
  var cell: String { measured.cell }

  /// What the number is called: its cell and its eval.
  var title: String { cell.isEmpty ? measured.eval : "\(cell), \(measured.eval)" }
}

/// The numbers of an experiment.
struct TracedNumbers {
  let experiment: PlannedExperiment
  let stored: StoredGraph

  /// Where the outcomes of each input of the table come from.
  var outcomes: [String: OutputReference] {
    let inputs = stored.graph.step(experiment.table).inputs
    return Dictionary(inputs.map { ($0.name, $0.source) }, uniquingKeysWith: { first, _ in first })
  }

  /// Every number in the order of the table, without what was measured.
  func all() -> [TracedNumber] { numbers { _ in [] } }

  /// A number as it was measured; of a seed that is not stored there is nothing.
  ///
  /// - Throws: What reading the store throws.
  func measured(_ number: TracedNumber) throws -> TracedNumber {
    let own = Set(number.measured.inputs)
    let sources = outcomes
    let found = try numbers { measurement in
      guard own.contains(measurement.input), let source = sources[measurement.input] else { return [] }
      return try stored.records(Outcomes.self, of: source) ?? []
    }
    return found.first { $0.measured.inputs == number.measured.inputs } ?? number
  }

  /// Every number whose every seed is stored, as it was measured, and those that lack some.
  ///
  /// - Throws: What reading the store throws.
  func measured() throws -> (found: [Measured], missing: [Measured]) {
    let sources = outcomes
    func isStored(_ input: String) -> Bool { sources[input].flatMap { stored.digest(of: $0) } != nil }
    let numbers = try numbers { measurement in
      guard let source = sources[measurement.input] else { return [] }
      return try stored.records(Outcomes.self, of: source) ?? []
    }.map(\.measured)
    return (numbers.filter { $0.inputs.allSatisfy(isStored) }, numbers.filter { !$0.inputs.allSatisfy(isStored) })
  }

  private func numbers(
    reading outcomesOf: (AggregateWork.Measurement) throws -> [Outcomes]
  ) rethrows -> [TracedNumber] {
    guard case .aggregate(let work) = stored.graph.step(experiment.table).work else { return [] }
    let sources = outcomes
    let seeds = Dictionary(
      experiment.measurements.map { ($0.input, $0.seed) }, uniquingKeysWith: { first, _ in first })
    return try AggregateStep.numbers(work, sources: sources, outcomesOf: outcomesOf).map { measured in
      TracedNumber(
        measured: measured,
        sources: measured.inputs.compactMap { input in
          sources[input].map { TracedNumber.Source(seed: seeds[input] ?? nil, outcomes: $0) }
        })
    }
  }

  /// The one number of that name.
  ///
  /// - Returns: The number, and which other evals measure the same cell.
  /// - Throws: ``CommandError`` if there is no such cell or eval, ``TraceFault`` if several numbers are meant.
  func find(_ choice: NumberChoice) throws -> (number: TracedNumber, otherEvals: [String]) {
    let all = all()
    guard !all.isEmpty else { throw TraceFault.measuresNothing(spec: experiment.experiment.path) }
    var found = all
    if let cell = choice.cell {
      let exact = all.filter { $0.cell == cell }
      // Rounds are numbers of one cell: its name without them means all of them.
      found = exact.isEmpty ? all.filter { $0.cell.hasPrefix("\(cell), ") } : exact
      guard !found.isEmpty else {
        throw CommandError.unknownName(what: "cell", name: cell, known: all.map(\.cell).distinct)
      }
    }
    let evals = found.map(\.measured.eval).distinct
    if let eval = choice.eval, !evals.contains(eval) {
      throw CommandError.unknownName(what: "eval", name: eval, known: evals)
    }
    let shown = experiment.experiment.table?.value
    let eval = choice.eval ?? shown.flatMap { evals.contains($0) ? $0 : nil } ?? evals[0]
    found = found.filter { $0.measured.eval == eval }
    if choice.cell == nil, found.count > 1 {
      // The model before training stands beside every cell: where there is one cell, that is meant.
      let trained = found.filter { number in !number.measured.coordinates.contains { $0.axis == "base" } }
      if trained.count == 1 { found = trained }
    }
    guard found.count == 1 else {
      throw TraceFault.severalNumbers(
        spec: experiment.experiment.path, found.map { ShellWord.quoted($0.cell) }.map { "--cell \($0) --eval \(eval)" })
    }
    return (found[0], evals.filter { $0 != eval })
  }

  /// The source that is followed: that of the seed asked for, or the first.
  ///
  /// - Throws: ``CommandError`` if the number has no such seed.
  func source(of number: TracedNumber, _ choice: NumberChoice) throws -> TracedNumber.Source {
    guard let seed = choice.seed else { return number.sources[0] }
    guard let source = number.sources.first(where: { $0.seed == seed }) else {
      throw CommandError.unknownName(what: "seed", name: seed, known: number.sources.compactMap(\.seed))
    }
    return source
  }
}

/// Why nothing can be traced.
enum TraceFault: DiagnosableError, Hashable {
  /// The spec has no evals.
  case measuresNothing(spec: String)
  /// Several numbers fit what was asked for.
  case severalNumbers(spec: String, [String])
  /// The outcomes behind a number are not stored.
  case notStored(number: String, step: String, command: String)
  /// No record is called so.
  case unknownRecord(name: String, count: Int)
  /// Several records begin so.
  case severalRecords(name: String, [String])
  /// A number of a record needs one list to count in.
  case severalLists(name: String, [String])
  /// The data are not stored.
  case noData(command: String)

  var diagnoses: [Diagnosis] {
    switch self {
    case .measuresNothing(let spec):
      [
        Diagnosis(
          "trace.measures-nothing", "\(spec) has no evals, so there is no number to trace",
          remedy: "Trace a record with --record, or name a spec with `evals:`.", exit: .usage)
      ]
    case .severalNumbers(let spec, let choices):
      [
        Diagnosis(
          "trace.several", "\(spec) has \(choices.count) such numbers, and it is not said which one is meant",
          notes: Array(choices.prefix(40)), remedy: "Name one of them with --cell and --eval.", exit: .usage)
      ]
    case .notStored(let number, let step, let command):
      [
        Diagnosis(
          "trace.not-stored", "\(number): the outcomes of `\(step)` are not stored",
          remedy: "Run `\(command)` first.", exit: .inputOutput)
      ]
    case .unknownRecord(let name, let count):
      [
        Diagnosis(
          "trace.unknown-record", "no record is called `\(name)`; there are \(count)",
          remedy:
            "Give a number counted from 1, an identity, or at least four digits of one: `runner show STEP` lists them.",
          exit: .usage)
      ]
    case .severalRecords(let name, let found):
      [
        Diagnosis(
          "trace.several-records", "`\(name)` may be any of \(found.count) records", notes: Array(found.prefix(20)),
          remedy: "Give more digits.", exit: .usage)
      ]
    case .severalLists(let name, let lists):
      [
        Diagnosis(
          "trace.several-lists", "record \(name) may be of any of \(lists.count) data sets", notes: lists,
          remedy: "Name the record by its identity, or a number of the table with --cell.", exit: .usage)
      ]
    case .noData(let command):
      [
        Diagnosis(
          "trace.no-data", "no records of the spec's data are stored", remedy: "Run `\(command)` first.",
          exit: .inputOutput)
      ]
    }
  }
}
