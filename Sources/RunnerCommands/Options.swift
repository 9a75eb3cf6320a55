// Options that several commands share.

import ArgumentParser
import Execution
import FoundationEssentials
import Glibc
import Steps

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
    for mirror in mirrors where unsafe access(mirror, F_OK) != 0 {
      throw ValidationError("--mirror \(mirror): there is no such folder.")
    }
  }

  var storePath: String { Self.path(store) }

  /// The store of that name, or the one that the environment names.
  static func path(_ store: String?) -> String {
    store ?? ProcessInfo.processInfo.environment["RUNNER_STORE"].flatMap { $0.isEmpty ? nil : $0 } ?? ".runner-store"
  }

  var allMirrors: [String] {
    guard let listed = unsafe getenv("RUNNER_MIRRORS").map({ unsafe String(cString: $0) }) else { return mirrors }
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

  var workerCount: Int { workers ?? Self.usualWorkerCount }

  /// The number of threads unless told otherwise.
  static var usualWorkerCount: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  func validate() throws {
    if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers must be between 1 and 1024.") }
    guard (1...4096).contains(batch) else { throw ValidationError("--batch must be between 1 and 4096.") }
  }
}

/// A number of bytes as people write it: `512MB`, `4GB`, `1.5GiB`.
struct ByteSize: ExpressibleByArgument, Hashable {
  let bytes: Int

  private static let units: [(name: String, bytes: Double)] = [
    ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("b", 1),
  ]

  init?(argument: String) {
    let text = argument.lowercased()
    guard let unit = Self.units.first(where: { text.hasSuffix($0.name) }) else { return nil }
    let number = text.dropLast(unit.name.count)
    guard number.allSatisfy({ ("0"..."9").contains($0) || $0 == "." }), let count = Double(number), count > 0,
      count * unit.bytes < 1e18
    else { return nil }
    bytes = Int(count * unit.bytes)
  }
}

/// How much runs at once, and what a run may use.
///
/// Inert: results are the same bytes.
struct RunOptions: ParsableArguments {
  @Option(
    help: """
      Steps that may run at once, if none reads from another. Steps that use the same model share it and its --workers \
      threads: while one computes on these, another has its own thread.
      """)
  var jobs: Int = 1

  @Option(
    help: ArgumentHelp(
      """
      The most memory for steps that run at once, by the forecast that `plan` shows: one that does not fit beside the \
      others waits, and one that does not fit alone is refused before it starts. Default: no bound.
      """, valueName: "size, such as 4GB or 512MiB"))
  var memory: ByteSize?

  @Flag(
    help: """
      After a step has failed, run everything that does not read from it. Without this, what runs then finishes and \
      nothing else is started.
      """)
  var keepGoing = false

  @Flag(help: "Fetch nothing but from --mirror folders and local paths: a step that needs the network fails.")
  var offline = false

  func validate() throws {
    guard (1...256).contains(jobs) else { throw ValidationError("--jobs must be between 1 and 256.") }
  }

  /// The same as an executor takes it.
  func runLimits(_ forecast: MemoryForecast) -> RunLimits {
    RunLimits(jobs: jobs, memory: memory?.bytes, keepsGoing: keepGoing) { forecast.bytes(of: $0, contents: $1) }
  }
}

/// Words of a command line that a message tells the user to type.
enum ShellWord {
  /// A word as a shell takes it for one.
  static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-_./=:".utf8.contains(byte)
    }
    return isPlain && !text.isEmpty
      ? text : "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#))'"
  }
}
