// The results of an experiment as they lie in their folder, to be held against what comes out again.
// Reads files; computes nothing.

import Diagnostics
import Digests
import FoundationEssentials
import JSON
import Records
import Reporting

struct CheckedInResult {
  /// A step as the lock has it.
  struct Step {
    let label: String
    let outputs: [String: Digest]
  }

  let folder: String
  let table: StoredTable
  /// The class of arithmetic that the numbers were computed with.
  let arithmetic: String
  /// The steps by their keys.
  let steps: [Digest: Step]

  /// Reads `table.json` and `lock.json`.
  ///
  /// - Throws: ``CommandError/unreadable(path:reason:)``.
  init(folder: String) throws {
    let folder = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    guard let table = try NamedResults.table(inFile: "\(folder)/table.json") else {
      throw CommandError.unreadable(path: "\(folder)/table.json", reason: "there is no such file")
    }
    let path = "\(folder)/lock.json"
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw CommandError.unreadable(path: path, reason: "it cannot be opened")
    }
    guard let lock = try? JSONValue(parsing: Array(bytes)), let listed = lock["steps"]?.arrayValue else {
      throw CommandError.unreadable(path: path, reason: "it is no lock that runner wrote")
    }
    var steps: [Digest: Step] = [:]
    for step in listed {
      guard let key = step["key"]?.stringValue.flatMap(Digest.init(hex:)), let label = step["label"]?.stringValue,
        let outputs = step["outputs"]?.objectValue?.members
      else { throw CommandError.unreadable(path: path, reason: "it has a step without key, label or outputs") }
      let digests = outputs.compactMap { output in
        output.value.stringValue.flatMap(Digest.init(hex:)).map { (output.name, $0) }
      }
      steps[key] = Step(label: label, outputs: Dictionary(digests) { first, _ in first })
    }
    self.folder = folder
    self.table = table
    self.steps = steps
    arithmetic = lock["arithmetic"]?.stringValue ?? "ordered"
  }

  /// The spec that the results are of, by its usual place: `experiments/NAME.yaml` beside the folder `results`.
  var usualSpec: String {
    var above = folder.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if let root = above.lastIndex(of: "results") { above.removeSubrange(root...) } else { above = [] }
    let parts = above + ["experiments", "\(ExperimentName.name(ofResults: folder)).yaml"]
    return parts.joined(separator: "/")
  }

  /// The number that was written for an eval at a place; the order of axes has no meaning.
  func number(_ measured: Measured) -> StoredTable.Number? {
    let place = Set(measured.coordinates)
    return table.numbers.first { $0.eval == measured.eval && Set($0.place) == place }
  }
}
