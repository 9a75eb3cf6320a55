// The results of an experiment as they lie in their folder, to be held against what comes out again.
// Reads files; computes nothing.

import Digests
import FoundationEssentials
import Records
import Reporting

struct CheckedInResult {
  let folder: String
  let table: StoredTable
  /// The class of arithmetic that the numbers were computed with.
  let arithmetic: String
  /// The steps by their keys.
  let steps: [Digest: StepLock.Step]

  /// Reads `table.json` and `lock.json`.
  ///
  /// - Throws: ``CommandError/unreadable(path:reason:)``.
  init(folder: String) throws {
    let folder = Self.withoutSlash(folder)
    guard let table = try NamedResults.table(inFile: "\(folder)/table.json") else {
      throw CommandError.unreadable(path: "\(folder)/table.json", reason: "there is no such file")
    }
    if !FileManager.default.fileExists(atPath: "\(folder)/lock.json"), table.isOfSeveral {
      throw CommandError.tableOfSeveral(folder: folder)
    }
    self.folder = folder
    self.table = table
    let lock = try StepLock(path: "\(folder)/lock.json")
    steps = lock.steps
    arithmetic = lock.arithmetic
  }

  /// The spec that the results are of, by its usual place: `experiments/NAME.yaml` beside the folder `results`.
  var usualSpec: String { Self.usualSpec(of: folder) }

  /// The same for any folder of results, be they of a table over several experiments.
  static func usualSpec(of folder: String) -> String {
    let folder = withoutSlash(folder)
    var above = folder.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if let root = above.lastIndex(of: "results") { above.removeSubrange(root...) } else { above = [] }
    let parts = above + ["experiments", "\(ExperimentName.name(ofResults: folder)).yaml"]
    return parts.joined(separator: "/")
  }

  private static func withoutSlash(_ folder: String) -> String {
    folder.hasSuffix("/") ? String(folder.dropLast()) : folder
  }

  /// The number that was written for an eval at a place; the order of axes has no meaning.
  func number(_ measured: Measured) -> StoredTable.Number? {
    let place = Set(measured.coordinates)
    return table.numbers.first { $0.eval == measured.eval && Set($0.place) == place }
  }
}
