// What `runner verify` computes again and with which settings, and how it went in all.

import ArgumentParser
import Diagnostics
import Digests
import Execution
import Planning
import Storage

/// Which inert settings are varied.
struct VariedOptions: ExpressibleByArgument, Hashable {
  /// A number of threads and of sequences generated at once.
  struct Setting: Hashable {
    var workers: Int
    var batch: Int
  }

  private var workers = false
  private var batch = false

  init() {}

  init?(argument: String) {
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      switch name {
      case "workers": workers = true
      case "batch": batch = true
      default: return nil
      }
    }
  }

  var defaultValueDescription: String { "nothing" }

  /// The settings to compute with: those that were given, or two that differ in what is varied.
  func settings(_ given: ComputeOptions) -> [Setting] {
    let plain = Setting(workers: given.workerCount, batch: given.batch)
    guard workers || batch else { return [plain] }
    // One thread and one sequence; then numbers that divide nothing evenly.
    return [(1, 1), (3, 5)].map {
      Setting(workers: workers ? $0.0 : plain.workers, batch: batch ? $0.1 : plain.batch)
    }
  }

  /// Whether what is varied has a bearing on a step.
  func bears(on step: Step) -> Bool { workers && step.work.modelUse != nil || batch && step.kind == .generate }

  /// What was varied in a step's computation.
  func words(_ setting: Setting, for step: Step) -> String {
    var parts: [String] = []
    if workers { parts.append("\(setting.workers) worker\(setting.workers == 1 ? "" : "s")") }
    if batch, step.kind == .generate {
      parts.append("\(setting.batch) sequence\(setting.batch == 1 ? "" : "s") at once")
    }
    return parts.joined(separator: " and ")
  }
}

/// All steps of specs that can be computed again.
enum StoredSteps {
  /// The stored steps, and the labels of those that were left out because nothing is stored.
  ///
  /// - Throws: ``VerifyFault/nothingStored`` if there is none.
  static func all(of session: Session, in store: Store) throws -> (steps: [FoundStep], leftOut: [String]) {
    let found = found(in: session, store)
    if found.steps.isEmpty { throw VerifyFault.nothingStored }
    return (found.steps, found.absent.map(\.label))
  }

  /// The same of all specs in a folder, what several have in common once; a spec that cannot be planned is told and left out.
  ///
  /// - Throws: ``VerifyFault/noSpecs(folder:)`` if there is no spec; ``VerifyFault/nothingStored``.
  static func all(
    below folder: String, in store: Store, _ plan: (String) throws -> Session
  ) throws -> (steps: [FoundStep], leftOut: [String]) {
    let specs = StepFinder.specs(below: folder)
    if specs.isEmpty { throw VerifyFault.noSpecs(folder: folder) }
    var all: (steps: [FoundStep], leftOut: [String]) = ([], [])
    var (seen, absent): (Set<Digest>, Set<StepID>) = ([], [])
    for spec in specs {
      let session: Session
      do { session = try plan(spec) } catch {
        Output.error("warning: \(spec) cannot be planned and is left out; `runner validate \(spec)` says why\n")
        continue
      }
      let found = found(in: session, store)
      all.steps += found.steps.filter { seen.insert($0.key).inserted }
      all.leftOut += found.absent.filter { absent.insert($0.id).inserted }.map(\.label)
    }
    if all.steps.isEmpty { throw VerifyFault.nothingStored }
    return all
  }

  private static func found(in session: Session, _ store: Store) -> Found {
    let stored = StoredGraph(session.graph, in: store)
    let needs = stored.graph.needs()
    var found = Found()
    for (step, need) in zip(stored.graph.steps, needs) where step.foretold == nil {
      if let (key, result) = stored[step.id] {
        found.steps.append(FoundStep(step: step, graph: stored.graph, key: key, result: result))
      } else if need != .onlyIf([]) {
        found.absent.append(step)
      }
    }
    return found
  }

  /// The steps of a spec that are stored, and the others.
  private struct Found {
    var steps: [FoundStep] = []
    var absent: [Step] = []
  }
}

/// How a verification of several steps went.
struct VerificationTally {
  /// How many steps there are.
  let steps: Int
  /// Steps of which nothing is stored.
  let leftOut: [String]
  /// How many computations were compared.
  var computations = 0
  private(set) var faults: [any DiagnosableError] = []

  init(steps: Int, leftOut: [String]) {
    self.steps = steps
    self.leftOut = leftOut
  }

  /// Whether the outcome of one step is not that of the command.
  var isOfMany: Bool { steps > 1 }

  mutating func add(_ fault: any DiagnosableError) { faults.append(fault) }

  /// One line for several steps; nil for one.
  var summary: String? {
    guard isOfMany || !leftOut.isEmpty else { return nil }
    let absent = leftOut.isEmpty ? "" : "; \(leftOut.count) not stored"
    let result = faults.isEmpty ? "all gave the same bytes" : "\(faults.count) did not give the same bytes"
    return "\(steps) step\(steps == 1 ? "" : "s"), computed \(computations) times: \(result)\(absent)."
  }

  /// What the command ends with.
  var fault: (any DiagnosableError)? {
    guard let first = faults.first else { return nil }
    if !isOfMany { return first }
    let differ = faults.count { if case VerifyFault.differs = $0 { true } else { false } }
    return VerifyFault.several(differ: differ, failed: faults.count - differ, exit: first.exit)
  }
}
