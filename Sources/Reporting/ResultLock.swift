// lock.json: the steps behind a table's numbers, each with its key and its outputs, the commit of the spec, and the program.
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
  /// - Parameters:
  ///   - commit: The commit of the spec that they were first computed from; nil: it is not known.
  ///   - program: The program that first wrote them, with its libraries; nil: nobody noted it.
  /// - Returns: The bytes, with a line end.
  public func bytes(commit: String? = nil, program: String? = nil) -> [UInt8] {
    let (steps, choices) = (self.steps, self.choices)
    return JSONPrettyText.object { lock in
      lock.member("arithmetic", experiment.experiment.cells.first?.experiment.arithmetic.rawValue ?? "")
      if let commit { lock.member("commit", commit) }
      if let program { lock.member("program", program) }
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
  public func bytes(asIn folder: String) -> [UInt8] {
    let told = Self.told(inFile: Self.path(in: folder))
    return bytes(commit: told["commit"], program: told["program"])
  }

  /// Writes the lock, with the commit and the program that stand there unless it is of other steps or results.
  ///
  /// - Throws: ``ResultsError``.
  func write(into folder: String, known: [UInt8]?, commit: () -> String?, program: String?) throws(ResultsError) {
    let path = Self.path(in: folder)
    if ResultReport.holds(path, known ?? bytes(asIn: folder)) { return }
    try ResultReport.write(bytes(commit: commit(), program: program), to: path, in: folder)
  }

  private static func path(in folder: String) -> String { "\(folder)/lock.json" }

  /// What a lock says of where it comes from, by its names; these stand among its first members.
  private static func told(inFile path: String) -> [String: String] {
    guard let file = unsafe fopen(path, "r") else { return [:] }
    defer { unsafe fclose(file) }
    var start = [UInt8](repeating: 0, count: 512)
    let count = unsafe fread(&start, 1, start.count, file)
    var told: [String: String] = [:]
    for line in String(decoding: start[..<count], as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("  \"steps\"") { break }
      let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
      if parts.count == 5 { told[String(parts[1])] = String(parts[3]) }
    }
    return told
  }
}

extension Step {
  /// What specs say of the licence of a file from outside; nil: nothing, or the step fetches none.
  var licence: String? {
    guard case .fetch(let work) = work, !work.licences.isEmpty else { return nil }
    return work.licences.joined(separator: ", ")
  }
}
