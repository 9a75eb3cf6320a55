// runner store export: everything that specs need, in one archive for another machine.

import ArgumentParser
import Storage

struct StoreExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store export", "Write what specs need into one archive, for another machine.",
    takes: "-o <output> <specs> ...",
    discussion: """
      The archive is a plain tar file of store files, each of which proves itself. After `runner store import` there, \
      `runner exec` of the same specs computes nothing.
      """,
    examples: [
      "runner store export -o results.tar experiments/quickstart/training.yaml"
    ])
  @Option(name: .shortAndLong, help: "The archive to write.", completion: .file(extensions: ["tar"])) var output: String
  @OptionGroup var spec: SpecOptions
  @OptionGroup var storage: StorePathOptions

  func validate() throws {
    if output.isEmpty || output.hasSuffix("/") { throw ValidationError("--output must name a file.") }
  }

  func run() async throws {
    let store = try storage.open(.existing)
    let (root, missing) = try StoreRoots(store: store).root(of: spec)
    if missing > 0 {
      Output.error(
        "warning: \(missing) step\(missing == 1 ? " is" : "s are") not stored, or the file that \(missing == 1 ? "it is" : "they are"); "
          + "`exec` computes what is missing there\n")
    }
    let summary = try store.export([root], toFile: output)
    Output.line("\(output): \(summary.words), \(ByteCount.text(summary.byteCount))")
  }
}

extension ArchiveSummary {
  var words: String {
    "\(steps) step result\(steps == 1 ? "" : "s"), \(objects) object\(objects == 1 ? "" : "s"), "
      + "\(segments) segment\(segments == 1 ? "" : "s") of records"
  }
}
