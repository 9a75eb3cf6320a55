// runner store pin: results that collection must keep although no spec names them.

import ArgumentParser
import Digests
import Storage

struct StorePinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store pin", "Keep results, with all that they were made from, from collection.",
    takes: "<name> [<steps> ...] [<options>]",
    discussion: "Pinning anew replaces what the pin kept; without steps it keeps nothing.",
    examples: [
      "runner store pin paper \"train dpo, seed 1\" 1b64a587",
      "runner store pin paper",
    ])
  @Argument(help: "The pin's name: letters, digits and `-`.") var name: String
  @Argument(help: "Steps: keys, beginnings of keys, or labels.") var steps: [String] = []
  @OptionGroup var storage: StorePathOptions

  func run() async throws {
    let store = try storage.open(.existing)
    let names = StoreNames(store: store)
    let keys = try steps.map { try names.requiredStep($0) }
    try store.pin(keys, as: name)
    Output.line("The pin `\(name)` keeps \(keys.count) step\(keys.count == 1 ? "" : "s").")
  }
}
