// runner store: what is kept, as bytes that can be looked at.

import ArgumentParser
import Diagnostics
import Digests
import Execution
import Foundation
import JSON
import Storage
import Tensors

struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Look into stored results.", subcommands: [Cat.self, Show.self])

  struct Cat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write an object's bytes to standard output, checked against its digest.")
    @Argument(help: "The object's SHA-256.") var digest: String
    @OptionGroup var storage: StoreOptions

    func run() async throws {
      let store = try Store.telling(at: storage.storePath, mode: .readOnly)
      Output.bytes(try store.read(try StoreCommand.digest(digest, "object")))
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show what a step's result was made of and what it consists of.")
    @Argument(help: "The step's key, as in lock.json.") var key: String
    @OptionGroup var storage: StoreOptions

    func run() async throws {
      let store = try Store.telling(at: storage.storePath, mode: .readOnly)
      let key = try StoreCommand.digest(key, "step key")
      guard let result = try store.result(for: key) else {
        throw CommandError.unknownName(what: "result", name: key.hex, known: ["the keys in lock.json"])
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

  private static func digest(_ text: String, _ what: String) throws -> Digest {
    guard let digest = Digest(hex: text) else {
      throw ValidationError("\(text) is no \(what): 64 hexadecimal digits are needed.")
    }
    return digest
  }
}

struct FingerprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fingerprint", abstract: "The digest of what OpenBLAS computes on this host.", shouldDisplay: false)

  func run() throws {
    Output.line(Digest.sha256(try ArithmeticClass.openblas.batteryDigestBytes()).hex)
  }
}
