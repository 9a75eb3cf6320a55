// Computes a number of a table again with all that it rests on, and holds it against what was written.
// Knows one number; which are chosen, and how it is told, is the command's.

import Diagnostics
import Digests
import Execution
import Planning
import Records
import Reporting
import Specification
import Steps
import Storage

/// What came of a number.
struct ReproducedNumber {
  enum Verdict: Hashable {
    /// The outcomes are the same, byte for byte.
    case sameBytes
    /// The number is the same, and something that it rests on is not, as other arithmetic may have it.
    case sameNumber
    /// The number is the same, and something that it rests on is not, though the arithmetic gives the same bytes on every host.
    case otherBytes
    /// The outcomes are the same, byte for byte, and the number in the results is not theirs.
    case notOfItsOutcomes
    /// Another number, within what other arithmetic may change by the errors of both.
    case withinErrors
    /// Another number.
    case otherNumber
    /// The results have no such number.
    case notThere

    /// Whether the results can be called reproduced.
    var isGood: Bool { self == .sameBytes || self == .withinErrors || self == .sameNumber }

    var words: String {
      switch self {
      case .sameBytes: "the same bytes"
      case .sameNumber: "the same number, from other bytes"
      case .otherBytes: "the same number, FROM OTHER BYTES"
      case .notOfItsOutcomes: "NOT THE NUMBER OF ITS OUTCOMES, which are the same bytes"
      case .withinErrors: "within the errors of both"
      case .otherNumber: "ANOTHER NUMBER"
      case .notThere: "NOT IN THE RESULTS"
      }
    }
  }

  let number: TracedNumber
  let now: TracedNumber
  let before: StoredTable.Number?
  let verdict: Verdict
  /// The first step that the lock does not have, or has with other outputs; nil if there is none.
  let firstDifference: String?
  let computed: Int
  let seconds: Double
}

struct Reproduction {
  let result: CheckedInResult
  let session: Session
  let experiment: PlannedExperiment
  let store: Store
  let executor: Executor

  /// The numbers of the spec as it is now.
  var numbers: [TracedNumber] {
    TracedNumbers(experiment: experiment, stored: StoredGraph(session.graph, in: store)).all()
  }

  /// Computes a number.
  ///
  /// - Throws: ``CommandError`` if a step fails or the user stops it, or what the store throws.
  func run(_ number: TracedNumber, named run: String) async throws -> ReproducedNumber {
    let graph = session.graph.restricted(to: Set(number.sources.map(\.outcomes.step)))
    let plan = Plan(graph: graph, index: StoreIndex(store, isUse: true))
    try plan.refuseBlocked()
    let (summary, _) = try await executor.run(graph, named: run, planned: plan)
    if summary.cancelled { throw CommandError.cancelled }
    if summary.failed > 0 { throw CommandError(incomplete: summary) }
    let stored = StoredGraph(session.graph, in: store)
    let now = try TracedNumbers(experiment: experiment, stored: stored).measured(number)
    let before = result.number(number.measured)
    let difference = firstDifference(of: stored.graph.restricted(to: Set(number.sources.map(\.outcomes.step))), stored)
    return ReproducedNumber(
      number: number, now: now, before: before, verdict: verdict(now, before, stored, isSame: difference == nil),
      firstDifference: difference, computed: summary.ran, seconds: summary.seconds)
  }

  private func verdict(
    _ now: TracedNumber, _ before: StoredTable.Number?, _ stored: StoredGraph, isSame: Bool
  ) -> ReproducedNumber.Verdict {
    guard let before else { return .notThere }
    let outcomes = now.sources.map { stored.digest(of: $0.outcomes) }
    let (value, error) = (now.measured.mean, now.measured.spread ?? now.measured.standardError)
    let isNumber = now.measured.isWritten(as: before.measured)
    if isSame, outcomes == before.sources.map(\.outcomes) { return isNumber ? .sameBytes : .notOfItsOutcomes }
    // Only numbers of the ordered class are the same on every host.
    let isOrdered = [result.arithmetic, arithmetic].allSatisfy { $0 == "ordered" }
    if isNumber { return isOrdered ? .otherBytes : .sameNumber }
    if !isOrdered, let value, let mean = before.mean, let error, let other = before.error,
      abs(value - mean) <= Self.width * (error * error + other * other).squareRoot()
    {
      return .withinErrors
    }
    return .otherNumber
  }

  /// So many standard errors hold 95 of a hundred differences.
  private static let width = 1.96

  /// The class of arithmetic that the spec asks for now.
  var arithmetic: String { experiment.experiment.cells.first?.experiment.arithmetic.rawValue ?? "ordered" }

  /// The step in the lock of a version of the program that wrote another manifest for what gives the same bytes.
  private func earlierForm(of step: Step, _ stored: StoredGraph) -> StepLock.Step? {
    let inputs = step.inputs.compactMap { input in stored.digest(of: input.source).map { (input.name, $0) } }
    let manifests = step.earlierManifests(contents: Dictionary(inputs) { first, _ in first })
    return manifests.lazy.compactMap { result.steps[$0.key] }.first
  }

  private func firstDifference(of graph: StepGraph, _ stored: StoredGraph) -> String? {
    for step in graph.steps {
      guard let (key, found) = stored[step.id] else { continue }
      guard let before = result.steps[key] ?? earlierForm(of: step, stored) else {
        return "\(step.label): the results were made by another such step (the spec, the data or the program changed)"
      }
      for (name, output) in found.outputs.sorted(by: { $0.key < $1.key }) where before.outputs[name] != output.digest {
        return "\(step.label): `\(name)` was \(before.outputs[name]?.short ?? "nothing"), is \(output.digest.short)"
      }
    }
    return nil
  }
}

extension Measured {
  /// Whether a table's file that has the other number has this one: all that is shown of it, and its seeds.
  ///
  /// Files of earlier versions have no error beside a perplexity.
  fileprivate func isWritten(as other: Measured) -> Bool {
    if divergence != nil || other.divergence != nil { return divergence == other.divergence }
    return mean == other.mean && records == other.records && seeds == other.seeds && spread == other.spread
      && (standardError == other.standardError || kind == "perplexity" && other.standardError == nil)
  }
}
