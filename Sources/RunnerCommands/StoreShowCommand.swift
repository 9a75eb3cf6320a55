// runner store show: what a step's result was made of and what it consists of.

import ArgumentParser
import Digests
import JSON
import Storage

struct StoreShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store show", "Show what a step's result was made of and what it consists of.",
    takes: "<key> [<options>]",
    examples: [
      "runner store show 1b64a587",
      "runner store show \"train dpo, seed 1\"",
    ])
  @Argument(help: "The step's key, as in lock.json, the beginning of one, or its label.") var key: String
  @OptionGroup var storage: StorePathOptions

  func run() async throws {
    let store = try storage.open(.readOnly)
    let key = try StoreNames(store: store).requiredStep(key)
    guard let result = try store.result(for: key) else {
      throw StoreNameFault.unknown(name: self.key, what: "step result")
    }
    Output.line("key         \(key.hex)")
    for leaf in result.manifest.leaves {
      let value = if case .digest(let digest) = leaf.value { digest.hex } else { leaf.value.readable }
      Output.line("made of     \(leaf.name) = \(value)")
    }
    for output in result.outputs {
      let records = output.recordCount.map { ", \($0) records" } ?? ""
      Output.line("output      \(output.name): \(output.digest.hex), \(output.byteCount) bytes\(records)")
    }
    for fact in result.provenance.sorted { Output.line("provenance  \(fact.name): \(fact.value.canonical)") }
  }
}
