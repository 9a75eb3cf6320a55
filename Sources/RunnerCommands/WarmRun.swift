// How long this program takes for a spec whose results are all stored: the whole process, as a user waits for it.
// Knows nothing of models.

import Diagnostics
import Foundation

/// Runs `runner exec` as a process of its own.
struct WarmRun {
  let spec: String
  let storage: StoreOptions

  /// The seconds of each round, after a first run that computes what is missing.
  func measure(rounds: Int) throws -> [Double] {
    let results = NSTemporaryDirectory() + "runner-bench-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: results) }
    _ = try exec(into: results, isTold: true)
    var seconds: [Double] = []
    for _ in 0..<rounds { seconds.append(try exec(into: results, isTold: false)) }
    return seconds
  }

  private func exec(into results: String, isTold: Bool) throws -> Double {
    let process = Process()
    process.executableURL = Bundle.main.executableURL
    process.arguments =
      ["exec", spec, "--store", storage.storePath, "--results", results]
      + storage.mirrors.flatMap { ["--mirror", $0] }
    process.standardOutput = FileHandle.nullDevice
    if !isTold { process.standardError = FileHandle.nullDevice }
    let clock = ContinuousClock()
    let began = clock.now
    do { try process.run() } catch {
      throw CommandError.unreadable(path: "this program", reason: error.localizedDescription)
    }
    process.waitUntilExit()
    guard process.terminationStatus == ExitCode.done.rawValue else {
      throw CommandError.incomplete(failed: 1, exit: .stepFailed)
    }
    return began.duration(to: clock.now) / .seconds(1)
  }
}
