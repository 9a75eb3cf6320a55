// runner store cat: the bytes of an object or of a step's output.

import ArgumentParser
import Digests
import Storage

struct StoreCatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store cat", "Write the bytes of an object, or of a step's output, to standard output.",
    takes: "<name> [<output>] [<options>]",
    discussion: "They are decompressed and checked against their digest.",
    examples: [
      "runner store cat 1b64a587 log",
      "runner store cat \"split counting\" heldout",
    ])
  @Argument(help: "An object's SHA-256, a step's key, the beginning of one, or a step's label.") var name: String
  @Argument(help: "The name of the step's output, if it has several.") var output: String?
  @OptionGroup var storage: StorePathOptions

  func run() async throws {
    let store = try storage.open(.readOnly)
    Output.bytes(try store.read(try digest(in: store)))
  }

  private func digest(in store: Store) throws -> Digest {
    let names = StoreNames(store: store)
    if output == nil, let object = try names.object(name) { return object }
    guard let key = try names.step(name), let result = try store.result(for: key) else {
      throw StoreNameFault.unknown(name: name, what: output == nil ? "object or step result" : "step result")
    }
    let known = result.outputs.map(\.name)
    let chosen = output == nil && known.count == 1 ? known.first : output
    guard let found = result.outputs.first(where: { $0.name == chosen }) else {
      throw StoreNameFault.noOutput(name: output, step: key, known: known)
    }
    return found.digest
  }
}
