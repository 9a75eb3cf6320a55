// How long this program takes for a spec whose results are all stored: the whole process, as a user waits for it.
// Knows nothing of models.

import Diagnostics
import FoundationEssentials

/// Runs `runner exec` as a process of its own.
struct WarmRun {
  let spec: String
  let storage: StoreOptions

  /// The seconds of each round, after a first run that computes what is missing.
  func measure(rounds: Int) async throws -> [Double] {
    let results =
      "\(FileManager.default.temporaryDirectory.path)/runner-bench-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: results) }
    _ = try await exec(into: results, isTold: true)
    var seconds: [Double] = []
    for _ in 0..<rounds { seconds.append(try await exec(into: results, isTold: false)) }
    return seconds
  }

  private func exec(into results: String, isTold: Bool) async throws -> Double {
    let arguments =
      ["exec", spec, "--store", storage.storePath, "--results", results]
      + storage.mirrors.flatMap { ["--mirror", $0] }
    let clock = ContinuousClock()
    let began = clock.now
    guard try await OwnProgram.run(arguments, isTold: isTold) else {
      throw CommandError.incomplete(failed: 1, exit: .stepFailed)
    }
    return began.duration(to: clock.now) / .seconds(1)
  }
}
