// lock.json: the steps behind a table's numbers, each with its key and its outputs, and the commit of the spec.
// Written by the program only; the same results give the same bytes.

import Digests
import FoundationEssentials
import Glibc
import JSON
public import Planning
import Specification

/// The lock of an experiment.
public struct ResultLock: Sendable {
  private let experiment: PlannedExperiment
  private let graph: StepGraph
  private let results: RunResults

  /// Takes an experiment, its steps, and their keys and outputs.
  public init(_ experiment: PlannedExperiment, _ graph: StepGraph, _ results: RunResults) {
    (self.experiment, self.graph, self.results) = (experiment, graph, results)
  }

  /// The steps that the experiment's results rest on.
  var steps: [Step] { graph.steps(behind: Set([experiment.table] + experiment.wanted)) }

  /// What each choice among candidates came to, by the step that made it.
  private var choices: [StepID: Int] {
    var choices: [StepID: Int] = [:]
    for step in graph.steps {
      if let chosen = step.chosen, let choice = step.choice { choices[choice.step] = chosen }
    }
    return choices
  }

  /// The bytes of `lock.json`: every step's key and outputs, and the number of the candidate that a search chose, without
  /// which the steps after it could not be planned.
  ///
  /// - Parameter commit: The commit of the spec that they were first computed from; nil: it is not known.
  /// - Returns: The bytes, with a line end.
  public func bytes(commit: String? = nil) -> [UInt8] {
    let (steps, choices) = (self.steps, self.choices)
    return JSONPrettyText.object { lock in
      lock.member("arithmetic", experiment.experiment.cells.first?.experiment.arithmetic.rawValue ?? "")
      if let commit { lock.member("commit", commit) }
      lock.list("steps") { list in
        for step in steps {
          guard let (key, result) = results[step.id] else { continue }
          list.element { entry in
            if let chosen = choices[step.id] { entry.member("chosen", chosen) }
            entry.member("key", key.hex)
            entry.member("kind", step.kind.rawValue)
            entry.member("label", step.label)
            if let licence = step.licence { entry.member("licence", licence) }
            entry.object("outputs") { outputs in
              for name in result.outputs.count > 1 ? result.outputs.keys.sorted() : Array(result.outputs.keys) {
                if let output = result.outputs[name] { outputs.member(name, output.digest.hex) }
              }
            }
          }
        }
      }
      lock.member("version", 1)
    }
  }

  /// The bytes that a folder's lock has if it is of the same steps and results.
  public func bytes(asIn folder: String) -> [UInt8] { bytes(commit: Self.commit(inFile: Self.path(in: folder))) }

  /// Writes the lock, with the commit that stands there unless it is of other steps or results.
  ///
  /// - Throws: ``ResultsError``.
  func write(into folder: String, known: [UInt8]?, commit: () -> String?) throws(ResultsError) {
    let path = Self.path(in: folder)
    if ResultReport.holds(path, known ?? bytes(asIn: folder)) { return }
    try ResultReport.write(bytes(commit: commit()), to: path, in: folder)
  }

  private static func path(in folder: String) -> String { "\(folder)/lock.json" }

  /// The commit that a lock names; it stands among its first members.
  private static func commit(inFile path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { unsafe fclose(file) }
    var start = [UInt8](repeating: 0, count: 256)
    let count = unsafe fread(&start, 1, start.count, file)
    for line in String(decoding: start[..<count], as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
      if parts.count == 5, parts[1] == "commit" { return String(parts[3]) }
    }
    return nil
  }
}

extension Step {
  /// What specs say of the licence of a file from outside; nil: nothing, or the step fetches none.
  var licence: String? {
    guard case .fetch(let work) = work, !work.licences.isEmpty else { return nil }
    return work.licences.joined(separator: ", ")
  }
}
