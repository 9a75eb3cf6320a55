// lock.json: the steps behind a table's numbers, as `exec` wrote them.
// Reads a file; knows nothing of stores.

import Diagnostics
import Digests
import FoundationEssentials
import JSON

struct StepLock {
  /// A step's label and the digests of its outputs.
  struct Step {
    let label: String
    let outputs: [String: Digest]
  }

  /// The steps by their keys.
  let steps: [Digest: Step]
  /// The class of arithmetic that the numbers were computed with.
  let arithmetic: String

  /// Reads a lock.
  ///
  /// - Throws: ``CommandError/unreadable(path:reason:)``.
  init(path: String) throws {
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
    self.steps = steps
    arithmetic = lock["arithmetic"]?.stringValue ?? "ordered"
  }
}
