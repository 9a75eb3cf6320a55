// Options that several commands share.

import ArgumentParser
import Foundation

/// Which specs, with which values overridden.
struct SpecOptions: ParsableArguments {
  @Argument(help: "Specs of experiments.", completion: .file(extensions: ["yaml", "yml"]))
  var specs: [String]

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
}

/// Where results are stored and files are found.
struct StoreOptions: ParsableArguments {
  @Option(help: "Folder of stored results; default: $RUNNER_STORE, or .runner-store.", completion: .directory)
  var store: String?

  @Option(
    name: .customLong("mirror"), help: "Folder searched for files by digest before anything is fetched; repeatable.",
    completion: .directory)
  var mirrors: [String] = []

  func validate() throws {
    // An empty name would mean the root of the file system.
    if store?.isEmpty == true { throw ValidationError("--store must name a folder.") }
    if mirrors.contains("") { throw ValidationError("--mirror must name a folder.") }
  }

  var storePath: String { Self.path(store) }

  /// The store of that name, or the one that the environment names.
  static func path(_ store: String?) -> String {
    store ?? ProcessInfo.processInfo.environment["RUNNER_STORE"].flatMap { $0.isEmpty ? nil : $0 } ?? ".runner-store"
  }

  var allMirrors: [String] {
    let listed = ProcessInfo.processInfo.environment["RUNNER_MIRRORS"] ?? ""
    return mirrors + listed.split(separator: ":").map(String.init)
  }
}

/// How the machine is used.
///
/// Inert: results are the same bytes.
struct ComputeOptions: ParsableArguments {
  @Option(help: "Worker threads; default: one for each processor.")
  var workers: Int?

  @Option(help: "Sequences generated at once, at most.")
  var batch: Int = 128

  var workerCount: Int { workers ?? max(1, ProcessInfo.processInfo.activeProcessorCount) }

  func validate() throws {
    if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers must be between 1 and 1024.") }
    guard (1...4096).contains(batch) else { throw ValidationError("--batch must be between 1 and 4096.") }
  }
}
