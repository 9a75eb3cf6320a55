// A GGUF file as people read it: what it says of itself, and its tensors by kind.
// Knows the file's layout through its reader; loads no model.

import Diagnostics
import LanguageModel
import Reporting

/// The header of a GGUF file.
struct GGUFForm {
  private let file: GGUFFile

  /// Reads a file; nil if it is none, or not whole.
  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: "GGUF".utf8), let file = try? GGUFFile(ModelBytes(bytes, name: "the file")) else {
      return nil
    }
    self.file = file
  }

  /// The text, line by line.
  var lines: [String] {
    var facts = TextTable(numbers: [])
    for (key, value) in file.metadata { facts.add([key, TextBlock.short(Self.text(of: value))]) }
    let numbers = file.tensors.reduce(0) { $0 + $1.elements }
    let count = "\(file.tensors.count) tensors, \(numbers) numbers"
    return facts.lines(indent: 2) + ["", "  \(count)", ""] + tensors.lines(indent: 2)
  }

  /// Tensors that differ only in their block's number stand in one row.
  private var tensors: TextTable {
    struct Kind: Hashable {
      let name: String
      let sizes: [Int]
      let type: GGUFTensorType
    }
    var counts: [Kind: Int] = [:]
    var kinds: [Kind] = []
    for tensor in file.tensors {
      let kind = Kind(name: WeightsForm.withoutNumber(tensor.name), sizes: tensor.sizes, type: tensor.type)
      if counts[kind] == nil { kinds.append(kind) }
      counts[kind, default: 0] += 1
    }
    var table = TextTable(numbers: [1], names: [2])
    table.add(["tensor", "count", "shape", "type"])
    for kind in kinds {
      let shape = kind.sizes.map { String($0) }.joined(separator: " × ")
      table.add([kind.name, String(counts[kind, default: 0]), shape, kind.type.name])
    }
    return table
  }

  private static func text(of value: GGUFValue) -> String {
    switch value {
    case .integer(let value): String(value)
    case .large(let value): String(value)
    case .number(let value): String(value)
    case .bool(let value): String(value)
    case .text(let text): text
    case .list(let list): "a list of \(list.count)"
    }
  }
}
