// Writes tensors as one safetensors file.
// Knows the container only: names, sizes and numbers come from whoever writes.

import JSON

/// A tensor to be written.
public struct SafetensorsEntry: Sendable {
  /// Its name.
  public let name: String
  /// Sizes, the slowest-running first.
  public let sizes: [Int]
  /// Its numbers, row after row.
  public let numbers: [Float]

  /// Makes an entry.
  public init(_ name: String, sizes: [Int], numbers: [Float]) {
    precondition(sizes.reduce(1, *) == numbers.count, "\(name) has another number of numbers than its sizes say")
    self.name = name
    self.sizes = sizes
    self.numbers = numbers
  }
}

/// Writes safetensors files.
public enum SafetensorsWriter: Sendable {
  /// A whole file: float32, tensors in the order given.
  ///
  /// - Parameters:
  ///   - entries: The tensors; names are different.
  ///   - metadata: Texts by name, kept in the header.
  /// - Returns: The same bytes for the same tensors and metadata.
  public static func bytes(_ entries: [SafetensorsEntry], metadata: [String: String] = [:]) -> [UInt8] {
    var bytes = header(entries.map { ($0.name, $0.sizes) }, metadata: metadata)
    bytes.reserveCapacity(entries.reduce(bytes.count) { $0 + 4 * $1.numbers.count })
    for entry in entries { entry.numbers.withUnsafeBytes { bytes += $0 } }
    return bytes
  }

  /// What stands before the numbers of a file; they follow in the order of the tensors, float32.
  static func header(_ tensors: [(name: String, sizes: [Int])], metadata: [String: String] = [:]) -> [UInt8] {
    var members: [JSONMember] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) }
      members.append(JSONMember("__metadata__", .object(JSONObject(texts))))
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + 4 * tensor.sizes.reduce(1, *)
      members.append(
        JSONMember(
          tensor.name,
          .members([
            "dtype": "F32", "shape": .array(tensor.sizes.map { .integer(Int64($0)) }),
            "data_offsets": .array([.integer(Int64(offset)), .integer(Int64(end))]),
          ])))
      offset = end
    }
    var header = JSONValue.object(JSONObject(members)).canonicalBytes
    // Tensors begin on a boundary of eight bytes.
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
  }
}
