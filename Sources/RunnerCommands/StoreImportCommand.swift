// runner store import: takes what another machine exported.

import ArgumentParser
import Storage

struct StoreImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store import", "Take the results of an archive that `store export` wrote.",
    takes: "<archive> [<options>]",
    discussion: """
      Every file is checked before anything is changed: an archive with a wrong digest, a link, a path out of the \
      store, a file twice, or bytes behind its end is refused as a whole.
      """,
    examples: [
      "runner store import results.tar"
    ])
  @Argument(help: "The archive.", completion: .file(extensions: ["tar"])) var archive: String
  @OptionGroup var storage: StorePathOptions

  func run() async throws {
    // No store is made for an archive that is refused.
    let checked = try storage.open(.readOnlyIfPresent).checkArchive(at: archive)
    Output.line("\(archive): \(try storage.open(.create).importArchive(checked).words)")
  }
}
