// A file of trained weights as people read it: what it is, and how large the numbers of each kind of tensor are.
// Knows the layout of safetensors; nothing of models.

import Digests
import FoundationEssentials
import JSON
import Reporting

/// The tensors of a safetensors file, those of all blocks together.
struct WeightsForm {
  /// Tensors that have a name and a shape in common, but for the block's number.
  struct Group {
    let name: String
    let shape: [Int]
    let type: String
    var count = 0
    var numbers = 0
    /// The sum of squares; nil where the numbers are not float32.
    var squares: Double? = 0

    /// The square root of the mean of squares.
    var magnitude: Double? { squares.map { numbers == 0 ? 0 : ($0 / Double(numbers)).squareRoot() } }
  }

  /// What the file says of itself.
  let metadata: [(name: String, value: String)]
  /// In the order of their names.
  let groups: [Group]

  /// Reads a file; nil if it is none of that layout.
  init?(_ bytes: [UInt8]) {
    guard bytes.count > 10, bytes[8] == UInt8(ascii: "{") else { return nil }
    let length = (0..<8).reduce(0 as UInt64) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
    guard length > 1, length < UInt64(bytes.count - 8) + 1, length < 1 << 30 else { return nil }
    let start = 8 + Int(length)
    guard let header = (try? JSONValue(parsing: bytes[8..<start]))?.objectValue else { return nil }
    var groups: [String: Group] = [:]
    for member in header.members where member.name != "__metadata__" {
      guard let type = member.value["dtype"]?.stringValue, let shape = member.value["shape"]?.arrayValue,
        let offsets = member.value["data_offsets"]?.arrayValue?.compactMap(\.integerValue), offsets.count == 2,
        offsets[0] <= offsets[1], start + offsets[1] <= bytes.count
      else { return nil }
      let sizes = shape.compactMap(\.integerValue)
      let name = Self.withoutNumber(member.name)
      let key = "\(name) \(sizes) \(type)"
      var group = groups[key] ?? Group(name: name, shape: sizes, type: type)
      group.count += 1
      group.numbers += sizes.reduce(1, *)
      let data = bytes[(start + offsets[0])..<(start + offsets[1])]
      group.squares = type == "F32" ? group.squares.map { $0 + Self.squares(data) } : nil
      groups[key] = group
    }
    metadata = (header["__metadata__"]?.objectValue?.sorted ?? []).map { ($0.name, RecordForm.text(of: $0.value)) }
    self.groups = groups.keys.sorted().compactMap { groups[$0] }
  }

  /// The text, line by line.
  var lines: [String] {
    let total = groups.reduce(0) { $0 + $1.numbers }
    var lines = metadata.map { "  \($0.name): \($0.value)" }
    lines.append("  \(groups.reduce(0) { $0 + $1.count }) tensors, \(total) numbers")
    var table = TextTable(numbers: [1, 4], names: [2])
    table.add(["tensor", "count", "shape", "type", "root mean square"])
    for group in groups {
      let shape = group.shape.map { String($0) }.joined(separator: " × ")
      let magnitude = group.magnitude.map { NumberFormat.fixed($0, decimals: 7) } ?? "–"
      table.add([group.name, String(group.count), shape, group.type, magnitude])
    }
    return lines + [""] + table.lines(indent: 2)
  }

  /// `block.*.attentionKey.a` for `block.7.attentionKey.a`.
  static func withoutNumber(_ name: String) -> String {
    name.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) == nil ? String($0) : "*" }
      .joined(separator: ".")
  }

  /// The sum of squares of little-endian float32 numbers.
  private static func squares(_ bytes: ArraySlice<UInt8>) -> Double {
    var sum = 0.0
    var index = bytes.startIndex
    while index + 3 < bytes.endIndex {
      let bits =
        UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
        | UInt32(bytes[index + 3]) << 24
      let value = Double(Float(bitPattern: bits))
      sum += value * value
      index += 4
    }
    return sum
  }
}
