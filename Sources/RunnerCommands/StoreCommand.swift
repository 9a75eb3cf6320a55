// runner store: what is kept, how much of it, whether it is whole, and what of it can go.

import ArgumentParser
import Digests
import Storage

struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store", "Look into stored results, check them, move them, and free space.",
    takes: "<subcommand>",
    examples: [
      "runner store stats",
      "runner store ls --kind train",
      "runner store verify --sample 5%",
      "runner store gc --dry-run",
    ],
    subcommands: [
      StoreStatsCommand.self, StoreListCommand.self, StoreShowCommand.self, StoreCatCommand.self,
      StoreVerifyCommand.self, StoreCollectCommand.self, StorePinCommand.self, StoreExportCommand.self,
      StoreImportCommand.self,
    ])
}

/// Which store.
struct StorePathOptions: ParsableArguments {
  @Option(help: "Folder of stored results; default: $RUNNER_STORE, or .runner-store.", completion: .directory)
  var store: String?

  func validate() throws {
    // An empty name would mean the root of the file system.
    if store?.isEmpty == true { throw ValidationError("--store must name a folder.") }
  }

  /// The store; damaged files are told as they are met.
  func open(_ mode: Store.Mode) throws -> Store { try Store.telling(at: path, mode: mode) }

  var path: String { StoreOptions.path(store) }
}
